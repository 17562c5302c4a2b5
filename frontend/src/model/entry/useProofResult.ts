import { useQuery, useQueryClient } from '@tanstack/react-query'
import { queryKeys } from '../api/queryKeys'
import type { ProvenEntry } from '../api/types'
import { entryName } from '../log/entryAddress'
import { checkContinues } from './continues'
import { trustLog } from './pin'
import { checkProof, type ProofResult } from './proof'
import { isOfAnotherKey, renew, useVerifierKey, useWitnesses } from './verifierKey'

/** Verifies an entry, and that its log continues what this browser has seen of it. */
async function check(
  entry: ProvenEntry,
  tenant: string,
  key: string,
  witnesses: Parameters<typeof checkProof>[3],
): Promise<ProofResult> {
  const result = await checkProof(entry, tenant, key || undefined, witnesses)
  if (result.state !== 'proven') return result
  const { checkpoint, key_changes: changes } = entry.proof
  return (await checkContinues({ tenant, key, checkpoint, changes }, 'opened')) ?? result
}

/** Verifies an entry in this browser. Retry reloads the entry and the server's key. */
export function useProofResult(entry: ProvenEntry, tenant: string) {
  const client = useQueryClient()
  const key = useVerifierKey()
  const { id, seq } = entryName(entry)
  const ofEntry = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey.includes(id)
  const { data: witnesses = [] } = useWitnesses()
  const verdict = useQuery({
    queryKey: ['verdict', tenant, entry, key.data, witnesses.map((one) => one.key)],
    queryFn: async () => {
      const result = await check(entry, tenant, key.data ?? '', witnesses)
      if (isOfAnotherKey(result)) await renew(key, () => client.refetchQueries({ type: 'active', predicate: ofEntry }))
      return result
    },
    enabled: key.data !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
  function retry() {
    key.refetch()
    client.invalidateQueries({ queryKey: queryKeys.entry(tenant, id, seq) })
    // Without the server's key there is nothing to say yet.
    if (key.data !== undefined) verdict.refetch()
  }
  /** Accepts the log as the server shows it now, after the reader has compared its key. */
  function trust() {
    trustLog(tenant, key.data ?? '', entry.proof.checkpoint)
    verdict.refetch()
  }
  const failing = witnesses.filter((one) => one.state !== 'ok')
  return { verdict: verdict.data, keyError: key.isError, failing, retry, trust }
}
