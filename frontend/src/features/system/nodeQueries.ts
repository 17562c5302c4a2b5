import { useMutation, useQuery } from '@tanstack/react-query'
import { call } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Cluster, JoinToken, StepUp } from '../../model/api/types'
import { useChange } from '../../model/settings/queries'

const path = '/api/v1/cluster'
const queryKey = [...queryKeys.system, 'nodes']

/** How often the nodes are asked, in ms, while the page is visible. */
const refetchInterval = 1000

/** The nodes of the log, for owners. */
export function useNodes(enabled: boolean) {
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => call<Cluster>(path, { signal }),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.enabled ? refetchInterval : false),
    enabled,
  })
}

/** Lets another node lead. */
export function useTransfer() {
  return useChange(() => call<void>(`${path}/transfer`, { method: 'POST', body: {} }), queryKey)
}

/** Makes a token with which a node joins. */
export function useJoinToken() {
  return useMutation({ mutationFn: () => call<JoinToken>(`${path}/tokens`, { method: 'POST' }) })
}

/** Takes a node out of the log. */
export function useRemoveNode() {
  return useChange(
    ({ id, proof }: { id: string; proof: StepUp }) =>
      call<void>(`${path}/nodes/${encodeURIComponent(id)}`, { method: 'DELETE', body: proof }),
    queryKey,
  )
}
