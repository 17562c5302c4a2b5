import { endsNow, hasSelection, selectionAlone, withoutSelection } from '../../model/log/filters'
import type { LogPart } from '../../model/log/useLog'
import { useKey } from '../../ui/hooks/useKey'
import { Histogram } from './Histogram'
import { zoomedOut } from './zoom'

interface Props extends LogPart {
  /** The open entry takes Escape first. */
  entryOpen: boolean
}

/** The histogram of the log page: its selection narrows the rows. */
export function LogHistogram({ tenant, filters, onFilters, log, entryOpen }: Props) {
  const zone = tenant.time_zone
  const selecting = hasSelection(filters)

  /** Clears the selection; a custom period is replaced by a longer one. */
  function zoomOut() {
    if (selecting) onFilters(withoutSelection(filters))
    else if (!filters.range && log.frame) onFilters(zoomedOut(filters, log.frame, zone, Date.now()))
  }

  // Open dialogs and panels handle the key first.
  useKey('Escape', zoomOut, selecting && !entryOpen)
  useKey('z', () => onFilters(selectionAlone(filters, log.summary)), filters.from !== undefined && selecting)

  if (log.uncounted && !log.frame) return null
  return (
    <Histogram
      summary={log.frame}
      zone={zone}
      selection={selecting ? filters : undefined}
      selectedCount={log.summary?.total}
      live={endsNow(filters) && !log.frame?.ended}
      onSelect={({ from, to }, how) => {
        const end = to ?? (filters.range ? undefined : filters.to)
        onFilters({ ...filters, from, to: end }, how)
      }}
      onClear={zoomOut}
    />
  )
}
