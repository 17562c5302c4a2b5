import { useMutation, useQuery } from '@tanstack/react-query'
import { call } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Checks } from '../../model/api/types'

const queryKey = [...queryKeys.system, 'checks']

/** How often the server is asked, in ms. */
const refetchInterval = 60_000

/** What the checks of the server find, for owners. */
export function useChecks(enabled: boolean) {
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => call<Checks>('/api/v1/system/checks', { signal }),
    staleTime: 0,
    refetchInterval,
    enabled,
  })
}

/** Has the checks made again; the server does so every few seconds at most. */
export function useCheckAgain() {
  const { refetch } = useChecks(false)
  return useMutation({ mutationFn: () => refetch() })
}
