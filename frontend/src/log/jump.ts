import { instantOf } from '../time/zone'
import type { Filters } from './filters'

/** One day of the tenant's: selected in the frame where it lies in it, else a period of its own. */
export function toDay(filters: Filters, day: string, zone: string, frame: { from: string; to: string } | undefined) {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const midnight = (date: number) => {
    const civil = new Date(Date.UTC(year, month - 1, date))
    return instantOf(
      {
        year: civil.getUTCFullYear(),
        month: civil.getUTCMonth() + 1,
        day: civil.getUTCDate(),
        hour: 0,
        minute: 0,
        second: 0,
      },
      zone,
    )
  }
  const [from, to] = [midnight(date), midnight(date + 1)]
  const inside = frame && filters.range && from >= Date.parse(frame.from) && from < Date.parse(frame.to)
  return {
    ...filters,
    range: inside ? filters.range : undefined,
    from: new Date(from).toISOString(),
    // Today goes on, and so stays live.
    to: to > Date.now() && from <= Date.now() ? undefined : new Date(to).toISOString(),
  }
}
