import { useQuery } from '@tanstack/react-query'
import { isProblem } from '../../lib/problem'
import { call } from '../api/http'
import { queryKeys } from '../api/queryKeys'
import type { VerifierKey } from '../api/types'

/** The keys that verify checkpoints and manifests: those of the server and of the witnesses. */
const verifiers = {
  queryKey: queryKeys.verifierKey,
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<VerifierKey> => {
    try {
      return await call<VerifierKey>('/api/v1/key', { signal })
    } catch (error) {
      if (isProblem(error, 404)) return { key: '' } // the server has no key, as the verdict then says
      throw error
    }
  },
}

/** The key that verifies checkpoints and manifests. */
export function useVerifierKey() {
  return useQuery({ ...verifiers, staleTime: Number.POSITIVE_INFINITY, select: ({ key }) => key })
}

/** The witnesses that cosign checkpoints, and whether they do. */
export function useWitnesses() {
  return useQuery({ ...verifiers, staleTime: 60_000, select: ({ witnesses }) => witnesses ?? [] })
}

/** The keys that the server's key replaced, oldest first, with the statements that lead from each to the next. */
export function useEarlierKeys() {
  return useQuery({ ...verifiers, staleTime: 60_000, select: ({ keys }) => keys ?? [] })
}

/** Whether a verdict says that the key which is known here did not sign. */
export function isOfAnotherKey(verdict: { state: string; reason?: string }): boolean {
  return verdict.state === 'mismatch' && verdict.reason === 'signature'
}

/**
 * Asks again for the key, which may have been replaced since it was read; if it was not, for what it should have signed, which may be older.
 * Whatever is another one then gets a verdict of its own.
 */
export async function renew(key: ReturnType<typeof useVerifierKey>, reload: () => Promise<void>) {
  const { data } = await key.refetch()
  if (data === key.data) await reload()
}
