import { wallTime } from '../../lib/time/zone'
import { type Filters, presets } from '../../model/log/filters'

const day = 86_400_000
const lengths: Record<(typeof presets)[number], number> = {
  today: 1,
  last_7_days: 7,
  last_30_days: 30,
  last_90_days: 90,
}

/** Zooms out from a custom period: to the shortest longer preset that contains it, else to twice its length. */
export function zoomedOut(filters: Filters, frame: { from: string; to: string }, zone: string, now: number): Filters {
  const from = Date.parse(frame.from)
  const to = Date.parse(frame.to)
  const date = (instant: number) => {
    const wall = wallTime(instant, zone)
    return Date.UTC(wall.year, wall.month - 1, wall.day) / day
  }
  const back = date(now) - date(from) + 1
  const range = presets.find((preset) => lengths[preset] >= back && lengths[preset] * day > to - from)
  if (range) return { ...filters, range, from: undefined, to: undefined }
  const half = (to - from) / 2
  const end = to + half
  return {
    ...filters,
    from: new Date(from - half).toISOString(),
    to: end < now ? new Date(end).toISOString() : undefined,
  }
}
