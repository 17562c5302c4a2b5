import { type ReactNode, Suspense, useEffect, useEffectEvent } from 'react'
import { ErrorBoundary } from './ErrorBoundary'

interface Props {
  /** Clears the error when it changes. */
  resetKey?: string
  /** Closes a popup that is still being loaded; once it is drawn it closes itself. */
  onEscape?: () => void
  children: ReactNode
}

/** Surrounds a part that is loaded separately: the rest of the page stays, even if loading it fails. */
export function LazyBoundary({ resetKey = '', onEscape, children }: Props) {
  return (
    <ErrorBoundary part resetKey={resetKey}>
      <Suspense fallback={onEscape && <Loading onEscape={onEscape} />}>{children}</Suspense>
    </ErrorBoundary>
  )
}

function Loading({ onEscape }: { onEscape: () => void }) {
  const close = useEffectEvent(onEscape)
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key === 'Escape') close()
    }
    document.addEventListener('keydown', key)
    return () => document.removeEventListener('keydown', key)
  }, [])
  return null
}
