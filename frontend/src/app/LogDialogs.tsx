import { withDay } from '../features/list/jump'
import { dayAt } from '../lib/time/days'
import type { Entry } from '../model/api/types'
import type { EntryName } from '../model/log/entryAddress'
import type { FilterName } from '../model/log/filters'
import type { LogPart } from '../model/log/useLog'
import { preloadable } from '../ui/hooks/preload'
import { LazyBoundary } from '../ui/LazyBoundary'
import { useCopy } from '../ui/useCopy'

const EntryDrawer = preloadable(() => import('../features/entry/EntryDrawer'))
const JumpDialog = preloadable(() => import('../features/list/JumpDialog'))
const ExportDialog = preloadable(() => import('../features/exports/ExportDialog'))
const FilterSheet = preloadable(() => import('../features/filters/FilterSheet'))

/** A dialog of the log page; the filters open at the one whose chip was pressed. */
export type LogDialog = { is: 'export' } | { is: 'jump' } | { is: 'filters'; at?: FilterName | undefined }

interface Props extends LogPart {
  /** The open entry; its seq once known. */
  entry: EntryName | undefined
  openSeq: number | undefined
  dialog: LogDialog | undefined
  now: number
  onEntry: (entry: Entry) => void
  onCloseEntry: () => void
  onClose: () => void
}

/** The entry or dialog that opens over or beside the rows. */
export function LogDialogs(props: Props) {
  const { tenant, filters, onFilters, log, layout, entry, openSeq, dialog, now, onClose } = props
  const copy = useCopy()
  const { entries, summary, titles, nameOf, organizations } = log
  const zone = tenant.time_zone
  const index = openSeq === undefined ? -1 : entries.findIndex((one) => one.seq === openSeq)
  return (
    <LazyBoundary resetKey={`${entry?.id} ${dialog?.is}`}>
      {entry && (
        <EntryDrawer
          tenant={tenant}
          name={entry}
          over={layout.drawer === 'over'}
          position={index >= 0 && summary ? { index: index + 1, total: summary.total } : undefined}
          previous={index > 0 ? entries[index - 1] : undefined}
          next={index >= 0 ? entries[index + 1] : undefined}
          filters={filters}
          titles={titles}
          organizations={organizations.data}
          onOpen={props.onEntry}
          onClose={props.onCloseEntry}
          onCopy={copy}
        />
      )}
      {dialog?.is === 'export' && (
        <ExportDialog tenant={tenant} filters={filters} titles={titles} nameOf={nameOf} onClose={onClose} />
      )}
      {dialog?.is === 'jump' && (
        <JumpDialog
          day={dayAt(filters.to ? Math.min(Date.parse(filters.to) - 1, now) : now, zone)}
          zone={zone}
          onJump={(day) => {
            onClose()
            onFilters(withDay(filters, day, zone, log.frame))
          }}
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
