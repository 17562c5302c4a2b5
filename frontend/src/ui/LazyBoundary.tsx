import { type ReactNode, Suspense } from 'react'
import { ErrorBoundary } from './ErrorBoundary'

interface Props {
  /** Clears the error when it changes. */
  resetKey?: string
  children: ReactNode
}

/** Surrounds a part that is loaded separately: the rest of the page stays, even if loading it fails. */
export function LazyBoundary({ resetKey = '', children }: Props) {
  return (
    <ErrorBoundary part resetKey={resetKey}>
      <Suspense fallback={null}>{children}</Suspense>
    </ErrorBoundary>
  )
}
