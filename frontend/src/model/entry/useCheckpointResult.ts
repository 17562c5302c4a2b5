import { useQuery, useQueryClient } from '@tanstack/react-query'
import { queryKeys } from '../api/queryKeys'
import type { KeyChange } from '../api/types'
import { checkContinues } from './continues'
import { trustLog } from './pin'
import { checkCheckpoint, type Doubt } from './proof'
import { isOfAnotherKey, renew, useEarlierKeys, useVerifierKey } from './verifierKey'

async function check(
  tenant: string,
  checkpoint: string,
  key: string,
  changes: KeyChange[],
): Promise<{ state: 'holds' } | Doubt> {
  const doubt = await checkCheckpoint(checkpoint, tenant, key || undefined)
  return doubt ?? (await checkContinues({ tenant, key, checkpoint, changes }, 'page')) ?? { state: 'holds' }
}

/** Verifies a checkpoint in this browser, and that its log continues what this browser has seen of it. */
export function useCheckpointResult(tenant: string, checkpoint: string) {
  const client = useQueryClient()
  const key = useVerifierKey()
  const { data: changes = [] } = useEarlierKeys()
  const verdict = useQuery({
    queryKey: ['verdict', tenant, checkpoint, key.data, changes],
    queryFn: async () => {
      const result = await check(tenant, checkpoint, key.data ?? '', changes)
      if (isOfAnotherKey(result))
        await renew(key, () => client.refetchQueries({ type: 'active', queryKey: queryKeys.checkpoint(tenant) }))
      return result
    },
    enabled: key.data !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
  function retry() {
    key.refetch()
    // Without the server's key there is nothing to say yet.
    if (key.data !== undefined) verdict.refetch()
  }
  /** Accepts the log as the server shows it now, after the reader has compared its key. */
  function trust() {
    trustLog(tenant, key.data ?? '', checkpoint)
    verdict.refetch()
  }
  return { verdict: verdict.data, keyError: key.isError, retry, trust }
}
