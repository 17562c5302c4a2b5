import type { FeatureMessages } from '../../i18n/language'
import type { readOnlyEn } from '../../i18n/readOnly.en'
import { longMoment, longPeriod } from '../../lib/time/phrases'
import type { Summary } from '../api/types'
import { endsNow, type Filters } from './filters'
import { periodText } from './filterTexts'
import type { Stale } from './useStale'

/** The end of a period, in ms, of data that may be old: no later than when it was last known to be the newest. */
export function staleEnd(to: string, stale: Stale | undefined): number {
  return Math.min(Date.parse(to), stale?.since ? Date.parse(stale.since) : Number.POSITIVE_INFINITY)
}

/** `Wed 18 Nov 12:00 to 18:52:07`, or only its start where the data's age is unknown or lies before it. */
export function stalePeriod(
  filters: Filters,
  summary: Summary,
  stale: Stale,
  zone: string,
  messages: FeatureMessages<typeof readOnlyEn>,
  now: number,
): string {
  const from = Date.parse(summary.from)
  const since = stale.since ? Date.parse(stale.since) : undefined
  if (!endsNow(filters) && Date.parse(summary.to) <= (since ?? now))
    return periodText(filters, summary, zone, messages, now)
  if (since === undefined || since <= from) return messages.asFarAsKnown(longMoment(from, zone, messages, now))
  return longPeriod(from, since, zone, messages, now)
}
