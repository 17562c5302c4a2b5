import { dateText, instantOf, pad, wallTime } from './zone'

/** A calendar day without a zone, `2026-11-26`, for date arithmetic. */
export type Day = string

const length = 86_400_000

const utc = (day: Day) => Date.parse(`${day}T00:00:00Z`)
const dayOf = (instant: number): Day => dateText(wallTime(instant, 'UTC'))

/** The day of a year, month and date; undefined if there is no such date. */
export function dayFrom(year: number, month: number, date: number): Day | undefined {
  const day = `${pad(year, 4)}-${pad(month)}-${pad(date)}`
  const instant = utc(day)
  return !Number.isNaN(instant) && dayOf(instant) === day ? day : undefined
}

export function partsOf(day: Day): { year: number; month: number; date: number; weekday: number } {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return { year, month, date, weekday: new Date(utc(day)).getUTCDay() }
}

export function addDays(day: Day, count: number): Day {
  return dayOf(utc(day) + count * length)
}

/** The day that the zone's clocks show. */
export function dayAt(instant: number, zone: string): Day {
  return dateText(wallTime(instant, zone))
}

/** The first instant of a day in a zone: after the gap if clocks skip midnight, the first one if it occurs twice. */
export function startOf(day: Day, zone: string): number {
  const { year, month, date } = partsOf(day)
  return instantOf({ year, month, day: date, hour: 0, minute: 0, second: 0 }, zone)
}

/** Whether an instant is the first of its day. */
export function startsDay(instant: number, zone: string): boolean {
  return startOf(dayAt(instant, zone), zone) === instant
}

/** The first and last day of a period of whole days; undefined if it contains partial days. */
export function wholeDays(from: number, to: number, zone: string): { first: Day; last: Day } | undefined {
  if (to <= from || !startsDay(from, zone) || !startsDay(to, zone)) return undefined
  return { first: dayAt(from, zone), last: dayAt(to - 1, zone) }
}
