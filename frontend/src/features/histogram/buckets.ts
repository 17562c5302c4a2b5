import type { Dictionary } from '../../i18n/en'
import { instantOf, instantsOf, isRepeated, offsetText, pad, wallTime, weekday } from '../../lib/time/zone'
import type { Summary } from '../../model/api/types'

/** Where buckets lie on the time axis. Edges hold each bucket's start and, last, the end of the period. */
export interface Frame {
  from: number
  to: number
  edges: number[]
  counts: number[]
}

export function frameOf(summary: Summary): Frame {
  const { buckets } = summary.histogram
  const from = Date.parse(summary.from)
  const to = Date.parse(summary.to)
  const edges = buckets.map((bucket) => Math.max(Date.parse(bucket.from), from))
  return { from, to, edges: [...edges, to], counts: buckets.map((bucket) => bucket.count) }
}

/** The next round number at or above the largest count; the dotted line marks it. */
export function roundMaximum(largest: number): number {
  if (largest <= 1) return 1
  const power = 10 ** Math.floor(Math.log10(largest))
  const step = [1, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= largest) ?? 10
  return step * power
}

export function fractionOf(frame: Frame, instant: number): number {
  const length = frame.to - frame.from
  return length <= 0 ? 0 : Math.min(1, Math.max(0, (instant - frame.from) / length))
}

/** The bucket under a point of the axis, from 0 (left) to 1 (right). */
export function bucketAt(frame: Frame, fraction: number): number {
  const instant = frame.from + fraction * (frame.to - frame.from)
  let low = 0
  let high = frame.counts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((frame.edges[middle] ?? 0) <= instant) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}

export interface Bar {
  index: number
  x: number
  width: number
  height: number
}

/** The bars in fractions of the axis' width and of the maximum's height; a gap of three tenths between neighbours. */
export function bars(frame: Frame, maximum: number): Bar[] {
  return frame.counts.flatMap((count, index) => {
    if (count === 0) return []
    const start = fractionOf(frame, frame.edges[index] ?? 0)
    const slot = fractionOf(frame, frame.edges[index + 1] ?? frame.to) - start
    // A single entry among thousands is still a bar that can be seen.
    return [{ index, x: start + slot * 0.15, width: slot * 0.7, height: Math.max(0.02, count / maximum) }]
  })
}

/**
 * A selection of whole buckets, from the first to the last index; open at the edge of the period
 * and where the present bucket is the last, so that it stays with the clock.
 */
export function selectionOf(frame: Frame, a: number, b: number, now: number): { from: string; to: string | undefined } {
  const first = Math.min(a, b)
  const last = Math.max(a, b)
  const end = frame.edges[last + 1]
  return {
    from: new Date(frame.edges[first] ?? frame.from).toISOString(),
    to: end === undefined || end > now || last >= frame.counts.length - 1 ? undefined : new Date(end).toISOString(),
  }
}

export interface Tick {
  at: number
  label: string
  first: boolean
}

type Unit = 'minute' | 'hour' | 'day' | 'month' | 'year'
const steps: [Unit, number, number][] = [
  ['minute', 1, 60_000],
  ['minute', 5, 300_000],
  ['minute', 15, 900_000],
  ['minute', 30, 1_800_000],
  ['hour', 1, 3_600_000],
  ['hour', 3, 10_800_000],
  ['hour', 6, 21_600_000],
  ['hour', 12, 43_200_000],
  ['day', 1, 86_400_000],
  ['day', 2, 2 * 86_400_000],
  ['day', 5, 5 * 86_400_000],
  ['day', 7, 7 * 86_400_000],
  ['day', 15, 15 * 86_400_000],
  ['month', 1, 30 * 86_400_000],
  ['month', 3, 91 * 86_400_000],
  ['month', 6, 182 * 86_400_000],
  ['year', 1, 365 * 86_400_000],
  ['year', 2, 730 * 86_400_000],
  ['year', 5, 1826 * 86_400_000],
]

/** Ticks at round times of the zone's clock, as many as there is room for, and the period's beginning. */
export function ticks(frame: Frame, zone: string, messages: Dictionary, room: number): Tick[] {
  const length = frame.to - frame.from
  if (length <= 0) return []
  const [unit, step] = steps.find(([, , milliseconds]) => length / milliseconds <= room) ?? ['year', 10]
  const found: Tick[] = []
  const start = wallTime(frame.from, zone)
  let previousMonth = start.month
  for (const instant of roundTimes(frame, zone, start, unit, step)) {
    const shown = wallTime(instant, zone)
    const at = fractionOf(frame, instant)
    // The last label needs room for itself, and the first tick must not run into the beginning's label.
    if (at > 0 && (at < 0.7 / room || at > 1 - 0.4 / room)) continue
    const text = label(shown, unit, step, at === 0, shown.month !== previousMonth, messages)
    const twice = text.includes(':') && isRepeated(instant, zone)
    found.push({ at, label: twice ? `${text} ${offsetText(instant, zone)}` : text, first: at === 0 })
    previousMonth = shown.month
  }
  if (found[0]?.at !== 0) found.unshift({ at: 0, label: label(start, unit, step, true, true, messages), first: true })
  return found
}

/** The instants in a frame at which the clocks show a round time: both, where they show it twice. */
function roundTimes(frame: Frame, zone: string, start: Wall, unit: Unit, step: number): number[] {
  const found: number[] = []
  const daily = unit !== 'minute' && unit !== 'hour'
  for (let count = 0, wall = floorTo(start, unit, step); count < 200; count++, wall = next(wall, unit, step)) {
    const first = instantOf(wall, zone)
    if (first >= frame.to) break
    found.push(first, ...(daily ? [] : instantsOf(wall, zone).slice(1)))
  }
  return found.filter((instant) => instant >= frame.from && instant < frame.to).sort((a, b) => a - b)
}

type Wall = ReturnType<typeof wallTime>

function floorTo(wall: Wall, unit: Unit, step: number): Wall {
  const zero = { ...wall, second: 0 }
  if (unit === 'minute') return { ...zero, minute: wall.minute - (wall.minute % step) }
  if (unit === 'hour') return { ...zero, minute: 0, hour: wall.hour - (wall.hour % step) }
  if (unit === 'day') return { ...zero, minute: 0, hour: 0 }
  if (unit === 'month') return { ...zero, minute: 0, hour: 0, day: 1, month: wall.month - ((wall.month - 1) % step) }
  return { ...zero, minute: 0, hour: 0, day: 1, month: 1, year: wall.year - (wall.year % step) }
}

function next(wall: Wall, unit: Unit, step: number): Wall {
  const date = new Date(Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute))
  if (unit === 'minute') date.setUTCMinutes(date.getUTCMinutes() + step)
  else if (unit === 'hour') date.setUTCHours(date.getUTCHours() + step)
  else if (unit === 'day') date.setUTCDate(date.getUTCDate() + step)
  else if (unit === 'month') date.setUTCMonth(date.getUTCMonth() + step)
  else date.setUTCFullYear(date.getUTCFullYear() + step)
  return wallTime(date.getTime(), 'UTC')
}

function label(wall: Wall, unit: Unit, step: number, first: boolean, newMonth: boolean, messages: Dictionary): string {
  if (unit === 'year') return messages.axisYear(wall.year)
  if (unit === 'month') return messages.axisMonth(wall.year, wall.month)
  if (unit === 'day' && step > 1) return messages.axisDate(wall.month, wall.day)
  if (first || newMonth) return messages.axisFirstDay(weekday(wall), wall.month, wall.day)
  if (unit === 'day' || (wall.hour === 0 && wall.minute === 0)) return messages.axisDay(weekday(wall), wall.day)
  return `${pad(wall.hour)}:${pad(wall.minute)}`
}
