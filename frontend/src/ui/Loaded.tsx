import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useAdminMessages } from '../i18n/adminMessages'
import { useMessages } from '../i18n/language'
import { problemText } from '../lib/problem'
import { Notice } from './Notice'

interface Props<T> {
  query: UseQueryResult<T>
  children: (data: T) => ReactNode
}

/** The data of a query; above it an error with Retry, while earlier data stays. */
export function Loaded<T>({ query, children }: Props<T>) {
  const { retry } = useMessages()
  const messages = useAdminMessages()
  return (
    <>
      {query.error && (
        <Notice kind="error" action={retry} onAction={() => query.refetch()}>
          {messages.failed(problemText(query.error))}
        </Notice>
      )}
      {query.isPending && (
        <p className="loading-late" role="status">
          {messages.loading}
        </p>
      )}
      {query.data !== undefined && children(query.data)}
    </>
  )
}
