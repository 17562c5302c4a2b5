import { addDays, type Day, dayAt, startOf } from './days'
import { clockText, dateText, wallTime } from './zone'

// Entries are kept and deleted by whole UTC days, while people choose days of their zone.

/** A period between two instants; open where one is missing. */
export interface Span {
  from: number | undefined
  until: number | undefined
}

/** The period from the start of one day to the end of another in a zone; '' leaves it open. */
export function daysSpan(from: Day | '', to: Day | '', zone: string): Span {
  return {
    from: from ? startOf(from, zone) : undefined,
    until: to ? startOf(addDays(to, 1), zone) : undefined,
  }
}

const length = 86_400_000

/** The whole UTC days that overlap a period. */
export function utcDaysOf({ from, until }: Span): Span {
  return {
    from: from === undefined ? undefined : Math.floor(from / length) * length,
    until: until === undefined ? undefined : Math.ceil(until / length) * length,
  }
}

/** When the next day of a zone begins. */
export function nextDay(now: number, zone: string): number {
  return startOf(addDays(dayAt(now, zone), 1), zone)
}

/** `2026-11-01 08:00`: an instant that begins or ends a day somewhere. */
export function minuteText(instant: number, zone: string): string {
  const wall = wallTime(instant, zone)
  return `${dateText(wall)} ${clockText(wall).slice(0, 5)}`
}

/** `2026-11-01 00:00 UTC = 08:00 Asia/Shanghai`: an instant in UTC and in a zone, as on the command line. */
export function inUtcAndZone(instant: number, zone: string): string {
  const utc = minuteText(instant, 'UTC')
  if (zone === 'UTC') return `${utc} UTC`
  const there = minuteText(instant, zone)
  const sameDay = there.slice(0, 10) === utc.slice(0, 10)
  return `${utc} UTC = ${sameDay ? there.slice(11) : there} ${zone}`
}

/** A period in UTC and in a zone. */
export function spanTexts(
  { from, until }: Span,
  zone: string,
  write: (from: string | undefined, until: string | undefined, zone: string) => string,
): string[] {
  return [...new Set(['UTC', zone])].map((each) => {
    const text = (instant: number | undefined) => (instant === undefined ? undefined : minuteText(instant, each))
    return write(text(from), text(until), each)
  })
}
