import { type QueryFunctionContext, useQuery } from '@tanstack/react-query'
import { call } from '../api/http'
import { queryKeys } from '../api/queryKeys'
import type { ServerStatus } from '../api/types'

/** What is known of data that may be old, because the nodes have no quorum. */
export type Stale = NonNullable<ServerStatus['quorum_lost']>

/** Whether the server can record, which the banner over the pages asks. */
export const statusQuery = {
  queryKey: queryKeys.readOnly,
  queryFn: ({ signal }: QueryFunctionContext) => call<ServerStatus>('/api/v1/status', { signal }),
}

/** Undefined while data is up to date. It asks nothing itself. */
export function useStale(): Stale | undefined {
  return useQuery({ ...statusQuery, enabled: false }).data?.quorum_lost
}
