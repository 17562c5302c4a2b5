import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { call, tenantPath } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { CreatedKey, Entry, NewEntry, Recorded } from '../../model/api/types'
import { makeWriteKey } from '../../model/api/writeKey'

/** The key that was made here, or by setting up; it is gone when the page is left. */
export function useCreatedKey(tenant: string) {
  const client = useQueryClient()
  const [made, setMade] = useState(() => client.getQueryData<CreatedKey>(queryKeys.createdKey(tenant)))
  useEffect(() => client.removeQueries({ queryKey: queryKeys.createdKey(tenant) }), [client, tenant])
  const make = useMutation({
    mutationFn: (name: string) => makeWriteKey(tenant, name),
    onSuccess: (key) => {
      setMade(key)
      return client.invalidateQueries({ queryKey: queryKeys.apiKeys(tenant) })
    },
  })
  return { made, make }
}

interface Test {
  entry: NewEntry
  /** The key to send with; without one a key is made for this entry alone, and revoked. */
  key: string | undefined
  keyName: string
}

/** The entry as the receipt has it. It is not read for that: nobody opened it. */
function storedAs(entry: NewEntry, { entries: [receipt] }: Recorded): Entry {
  const now = new Date().toISOString()
  const { user, module, operation, content } = entry
  return {
    id: receipt?.id ?? '',
    seq: receipt?.seq ?? 0,
    user,
    module,
    operation,
    ...(content ? { content } : {}),
    origin: 'manual',
    outcome: 'success',
    time: now,
    received_at: now,
  }
}

/**
 * Records a test entry the way a program does, with a key: people record nothing, and what works here works
 * from elsewhere. Answers with the entry.
 */
export function useSendTest(tenant: string) {
  return useMutation({
    mutationFn: async ({ entry, key, keyName }: Test): Promise<Entry> => {
      const own = key === undefined ? await makeWriteKey(tenant, keyName) : undefined
      try {
        const answer = await call<Recorded>(tenantPath(tenant, 'entries'), {
          method: 'POST',
          body: entry,
          key: own?.key ?? key ?? '',
        })
        return storedAs(entry, answer)
      } finally {
        if (own) await call<void>(tenantPath(tenant, `keys/${encodeURIComponent(own.id)}`), { method: 'DELETE' })
      }
    },
  })
}
