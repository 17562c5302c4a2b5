import { useQueryClient } from '@tanstack/react-query'
import { type RefObject, useCallback } from 'react'
import { useOpenEntry } from '../features/entry/useOpenEntry'
import type { TableHandle } from '../features/list/LogTable'
import { queryKeys } from '../model/api/queryKeys'
import type { Entry, Tenant } from '../model/api/types'
import { useActions } from '../model/api/useActions'
import type { Log } from '../model/log/useLog'

export type LogEntry = ReturnType<typeof useLogEntry>

/** The entry that is open on the log page, and the ways to open and close one. */
export function useLogEntry(tenant: Tenant, log: Log, entryOpen: boolean, table: RefObject<TableHandle | null>) {
  const client = useQueryClient()
  const { name, seq, open } = useOpenEntry(tenant.id, log.entries, log.query)
  useActions(tenant.id, log.query, name, (area) => {
    const again =
      area === 'page'
        ? [queryKeys.entries(tenant.id, log.query), queryKeys.summary(tenant.id, log.query)]
        : [queryKeys.entry(tenant.id, name?.id ?? '', name?.seq)]
    for (const queryKey of again) client.invalidateQueries({ queryKey, exact: true, refetchType: 'none' })
  })
  return {
    /** As named in the URL; undefined if none is open. */
    name,
    /** Once known. */
    seq,
    /** Opens the entry of a row. */
    open: useCallback((one: Entry) => open(one, { replace: entryOpen }), [open, entryOpen]),
    /** Opens another entry in place of the open one. */
    step: (one: Entry) => open(one, { replace: true }),
    close: () => {
      open(undefined)
      requestAnimationFrame(() => table.current?.focusCurrent())
    },
  }
}
