import { addDays, type Day, startOf } from '../../lib/time/days'
import type { Filters } from '../../model/log/filters'

/** Selects one day in the tenant's zone: within the frame if it contains the day, else as a custom period. */
export function withDay(filters: Filters, day: Day, zone: string, frame: { from: string; to: string } | undefined) {
  const [from, to] = [startOf(day, zone), startOf(addDays(day, 1), zone)]
  const inside = frame && filters.range && from >= Date.parse(frame.from) && from < Date.parse(frame.to)
  return {
    ...filters,
    range: inside ? filters.range : undefined,
    from: new Date(from).toISOString(),
    // Today has not ended, so it stays live.
    to: to > Date.now() && from <= Date.now() ? undefined : new Date(to).toISOString(),
  }
}
