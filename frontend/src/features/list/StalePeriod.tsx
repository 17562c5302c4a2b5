import { useReadOnlyMessages } from '../../i18n/readOnlyMessages'
import type { Summary } from '../../model/api/types'
import type { Filters } from '../../model/log/filters'
import { stalePeriod } from '../../model/log/stalePeriod'
import type { Stale } from '../../model/log/useStale'
import { shown } from '../../ui/Shown'

interface Props {
  summary: Summary
  filters: Filters
  stale: Stale
  zone: string
  now: number
  scope: string | undefined
}

/** The rest of the summary line without a quorum: the period ends where the data does, and not now. */
export default function StalePeriod({ summary, filters, stale, zone, now, scope }: Props) {
  const messages = useReadOnlyMessages()
  return shown(messages.summaryRest(stalePeriod(filters, summary, stale, zone, messages, now), scope))
}
