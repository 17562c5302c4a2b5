import { useQuery, useQueryClient } from '@tanstack/react-query'
import { queryKeys } from '../api/queryKeys'
import type { ProvenEntry } from '../api/types'
import { entryName } from '../log/entryAddress'
import { useVerifierKey, useWitnesses } from '../log/queries'
import { checkProof } from './proof'

/** Verifies an entry in this browser. Retry reloads the entry and the server's key. */
export function useProofResult(entry: ProvenEntry, tenant: string) {
  const client = useQueryClient()
  const key = useVerifierKey()
  const { data: witnesses = [] } = useWitnesses()
  const verdict = useQuery({
    queryKey: ['verdict', tenant, entry, key.data, witnesses.map((one) => one.key)],
    queryFn: () => checkProof(entry, tenant, key.data || undefined, witnesses),
    enabled: key.data !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
  function retry() {
    key.refetch()
    const { id, seq } = entryName(entry)
    client.invalidateQueries({ queryKey: queryKeys.entry(tenant, id, seq) })
    // Without the server's key there is nothing to say yet.
    if (key.data !== undefined) verdict.refetch()
  }
  const failing = witnesses.filter((one) => one.state !== 'ok')
  return { verdict: verdict.data, keyError: key.isError, failing, retry }
}
