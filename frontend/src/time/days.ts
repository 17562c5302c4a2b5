import { dateText, instantOf, pad, wallTime } from './zone'

/** A day of the calendar, `2026-11-26`, of no zone: it is counted with, never read off a clock. */
export type Day = string

const length = 86_400_000

const utc = (day: Day) => Date.parse(`${day}T00:00:00Z`)
const dayOf = (instant: number): Day => dateText(wallTime(instant, 'UTC'))

/** The day of a year, month and date; undefined for a date that the calendar does not have. */
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

/** The same date some months on, or the last one where that month is shorter. */
export function addMonths(day: Day, count: number): Day {
  const { year, month, date } = partsOf(day)
  const first = new Date(Date.UTC(year, month - 1 + count, 1))
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate()
  return dayOf(first.getTime() + (Math.min(date, last) - 1) * length)
}

/** The whole weeks, from Monday on, that a month lies in. */
export function weeksOf(day: Day): Day[][] {
  const first = `${day.slice(0, 7)}-01`
  const last = addDays(addMonths(first, 1), -1)
  const weeks: Day[][] = []
  for (let monday = mondayOf(first); monday <= last; monday = addDays(monday, 7))
    weeks.push(Array.from({ length: 7 }, (_, index) => addDays(monday, index)))
  return weeks
}

export function mondayOf(day: Day): Day {
  return addDays(day, -((partsOf(day).weekday + 6) % 7))
}

/** The day that the zone's clocks show. */
export function dayAt(instant: number, zone: string): Day {
  return dateText(wallTime(instant, zone))
}

/** The first instant of a day in a zone: where clocks skip midnight, the end of the gap; where it occurs twice, the first. */
export function startOf(day: Day, zone: string): number {
  const { year, month, date } = partsOf(day)
  return instantOf({ year, month, day: date, hour: 0, minute: 0, second: 0 }, zone)
}

/** Whether an instant is the first of its day. */
export function startsDay(instant: number, zone: string): boolean {
  return startOf(dayAt(instant, zone), zone) === instant
}

/** The days that a period is made of, from the first to the last; undefined where it cuts one. */
export function wholeDays(from: number, to: number, zone: string): { first: Day; last: Day } | undefined {
  if (to <= from || !startsDay(from, zone) || !startsDay(to, zone)) return undefined
  return { first: dayAt(from, zone), last: dayAt(to - 1, zone) }
}
