import { useEffect, useRef, useState } from 'react'
import { actionOf } from '../../model/api/action'
import type { Export, Tenant } from '../../model/api/types'
import type { Filters } from '../../model/log/filters'
import { useSummary } from '../../model/log/queries'
import { handOver, useExports, useStartExport } from './queries'
import { exportRequest, filtersOf, type Wanted } from './request'

export type ExportForm = ReturnType<typeof useExportForm>

/** The options of an export, how many rows they give, and how it is started and handed over. */
export function useExportForm(tenant: Tenant, filters: Filters) {
  const [wanted, setWanted] = useState<Wanted>({
    period: 'shown',
    custom: undefined,
    filtered: true,
    format: 'csv',
    columns: [],
  })
  const [started, setStarted] = useState<Started>()
  const start = useStartExport(tenant.id)
  const exports = useExports(tenant.id)

  const filtered = useSummary(tenant.id, filtersOf(filters, { ...wanted, filtered: true }))
  const all = useSummary(tenant.id, filtersOf(filters, { ...wanted, filtered: false }))
  const chosen = wanted.filtered ? filtered : all
  const complete = wanted.period !== 'custom' || wanted.custom !== undefined
  const counted = (query: typeof filtered) =>
    complete && query.data && !query.isPlaceholderData ? query.data.total : undefined
  const rows = counted(chosen)
  useDownloadWhenDone(tenant.id, started, exports.data)

  function submit() {
    if (!chosen.data || rows === undefined) return
    start.mutate(exportRequest(filtersOf(filters, wanted), wanted, chosen.data), {
      onSuccess: ({ id }) => setStarted({ id, act: actionOf('export') }),
    })
  }

  return {
    wanted,
    set: (some: Partial<Wanted>) => setWanted((before) => ({ ...before, ...some })),
    /** The summaries of the filtered entries, and of those to export. */
    filtered: filtered.data,
    chosen: chosen.data,
    /** Why the rows to export could not be counted. */
    uncounted: chosen.error,
    recount: () => chosen.refetch(),
    /** The numbers of rows; undefined until counted. */
    rows,
    filteredRows: counted(filtered),
    allRows: counted(all),
    /** Whether they could not be counted. */
    filteredFailed: filtered.isError,
    allFailed: all.isError,
    start,
    submit,
    exports,
    started: started?.id,
    running: exports.data?.some((one) => one.id === started?.id && one.status === 'running'),
  }
}

interface Started {
  id: string
  /** The name of the action in the access log. */
  act: string
}

/** An export started in this dialog is handed over as soon as it is written, while the dialog is open. */
function useDownloadWhenDone(tenant: string, started: Started | undefined, exports: Export[] | undefined) {
  const given = useRef<string>(undefined)
  useEffect(() => {
    const one = exports?.find((other) => other.id === started?.id)
    if (!started || one?.status !== 'done' || given.current === one.id) return
    given.current = one.id
    handOver(tenant, one, started.act)
  }, [tenant, started, exports])
}
