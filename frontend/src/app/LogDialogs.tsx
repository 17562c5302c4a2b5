import type { FilterName } from '../model/log/filters'
import type { LogPart } from '../model/log/useLog'
import { preloadable } from '../ui/hooks/preload'
import { LazyBoundary } from '../ui/LazyBoundary'
import { useCopy } from '../ui/useCopy'
import type { LogEntry } from './useLogEntry'

const EntryDrawer = preloadable(() => import('../features/entry/EntryDrawer'))
const JumpDialog = preloadable(() => import('../features/list/JumpDialog'))
const ExportDialog = preloadable(() => import('../features/exports/ExportDialog'))
const FilterSheet = preloadable(() => import('../features/filters/FilterSheet'))

/** A dialog of the log page; the filters open at the one whose chip was pressed. */
export type LogDialog = { is: 'export' } | { is: 'jump' } | { is: 'filters'; at?: FilterName | undefined }

interface Props extends LogPart {
  entry: LogEntry
  dialog: LogDialog | undefined
  now: number
  onClose: () => void
}

/** The entry or dialog that opens over or beside the rows. */
export function LogDialogs(props: Props) {
  const { tenant, filters, onFilters, log, layout, entry, dialog, now, onClose } = props
  const copy = useCopy()
  const { entries, summary, titles, nameOf, organizations } = log
  const { name, seq } = entry
  const index = seq === undefined ? -1 : entries.findIndex((one) => one.seq === seq)
  return (
    <LazyBoundary resetKey={`${name?.id} ${dialog?.is}`}>
      {name && (
        <EntryDrawer
          tenant={tenant}
          name={name}
          over={layout.drawer === 'over'}
          position={index >= 0 && summary ? { index: index + 1, total: summary.total } : undefined}
          previous={index > 0 ? entries[index - 1] : undefined}
          next={index >= 0 ? entries[index + 1] : undefined}
          filters={filters}
          titles={titles}
          organizations={organizations.data}
          onOpen={entry.step}
          onClose={entry.close}
          onCopy={copy}
        />
      )}
      {dialog?.is === 'export' && (
        <ExportDialog tenant={tenant} filters={filters} titles={titles} nameOf={nameOf} onClose={onClose} />
      )}
      {dialog?.is === 'jump' && (
        <JumpDialog
          filters={filters}
          frame={log.frame}
          zone={tenant.time_zone}
          now={now}
          onFilters={onFilters}
          onClose={onClose}
        />
      )}
      {dialog?.is === 'filters' && (
        <FilterSheet
          tenant={tenant}
          filters={filters}
          summary={summary}
          titles={titles}
          organizations={tenant.data_permission ? organizations.data : undefined}
          nameOf={nameOf}
          at={dialog.at}
          onFilters={onFilters}
          onClose={onClose}
        />
      )}
    </LazyBoundary>
  )
}
