import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/http'
import { keys } from '../api/keys'
import type { OwnSession } from '../api/types'

export function useOwnSessions() {
  return useQuery({
    queryKey: keys.sessions,
    queryFn: async ({ signal }) => (await call<{ sessions: OwnSession[] }>('/api/v1/sessions', { signal })).sessions,
    staleTime: 0,
  })
}

export function useSignOutEverywhere() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<void>('/api/v1/sessions', { method: 'DELETE' }),
    onSuccess: () => {
      client.clear()
      client.setQueryData(keys.left, true)
      client.setQueryData(keys.session, null)
    },
  })
}
