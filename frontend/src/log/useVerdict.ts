import { useQuery } from '@tanstack/react-query'
import { call, isProblem } from '../api/http'
import type { ProvenEntry } from '../api/types'
import { checkProof } from './proof'

/** The verdict of this browser over an entry. Retry reads nothing again but the server's key. */
export function useVerdict(entry: ProvenEntry, tenant: string) {
  const key = useQuery({
    queryKey: ['key'],
    queryFn: async ({ signal }) => {
      try {
        return (await call<{ key: string }>('/api/v1/key', { signal })).key
      } catch (error) {
        if (isProblem(error, 404)) return '' // a server that offers no key: the path is checked all the same
        throw error
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
  const verdict = useQuery({
    queryKey: ['verdict', tenant, entry, key.data],
    queryFn: () => checkProof(entry, tenant, key.data || undefined),
    enabled: key.data !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return { verdict: verdict.data, keyError: key.isError, retry: key.refetch }
}
