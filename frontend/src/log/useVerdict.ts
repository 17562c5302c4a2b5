import { useQuery } from '@tanstack/react-query'
import type { ProvenEntry } from '../api/types'
import { checkProof } from './proof'
import { useVerifierKey } from './queries'

/** The verdict of this browser over an entry. Retry reads nothing again but the server's key. */
export function useVerdict(entry: ProvenEntry, tenant: string) {
  const key = useVerifierKey()
  const verdict = useQuery({
    queryKey: ['verdict', tenant, entry, key.data],
    queryFn: () => checkProof(entry, tenant, key.data || undefined),
    enabled: key.data !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return { verdict: verdict.data, keyError: key.isError, retry: key.refetch }
}
