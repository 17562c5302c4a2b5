import { useQuery } from '@tanstack/react-query'
import { loadProblemMessages } from '../../lib/problem'
import { call } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Backups } from '../../model/api/types'
import { useChange } from '../../model/settings/queries'

const path = '/api/v1/system/backups'
const queryKey = [...queryKeys.system, 'backups']

/** How often the server is asked, in ms: more often while it makes a backup. */
const refetchInterval = 10_000
const whileRunning = 1000

/** The scheduled backups, for owners. */
export function useBackups(enabled: boolean) {
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const backups = await call<Backups>(path, { signal })
      if (backups.failure || backups.files.some((file) => file.failure)) await loadProblemMessages()
      return backups
    },
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.running ? whileRunning : refetchInterval),
    enabled,
  })
}

/** Has a backup made now. */
export function useStartBackup() {
  return useChange(() => call<Backups>(path, { method: 'POST' }), queryKey)
}
