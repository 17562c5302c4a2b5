import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useAdminWords } from '../i18n/adminWords'
import { useWords } from '../i18n/language'
import { problemText } from '../lib/problem'
import { Notice } from './Notice'

interface Props<T> {
  query: UseQueryResult<T>
  children: (data: T) => ReactNode
}

/** The data of a query; above it an error with Retry, while earlier data stays. */
export function Loaded<T>({ query, children }: Props<T>) {
  const { retry } = useWords()
  const words = useAdminWords()
  return (
    <>
      {query.error && (
        <Notice kind="error" action={retry} onAction={() => query.refetch()}>
          {words.failed(problemText(query.error))}
        </Notice>
      )}
      {query.isPending && (
        <p className="loading-late" role="status">
          {words.loading}
        </p>
      )}
      {query.data !== undefined && children(query.data)}
    </>
  )
}
