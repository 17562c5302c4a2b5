import type { Dictionary } from '../../i18n/en'
import { type Day, partsOf, wholeDays } from './days'
import { dateText, isRepeated, offsetText, pad, type WallTime, wallTime, weekday } from './zone'

/** The time on the clock, with the offset if it occurs twice. */
function clock(wall: WallTime, instant: number, zone: string): string {
  const minutes = `${pad(wall.hour)}:${pad(wall.minute)}`
  const text = wall.second ? `${minutes}:${pad(wall.second)}` : minutes
  return isRepeated(instant, zone) ? `${text} ${offsetText(instant, zone)}` : text
}

/** `18 Nov 12:00`, for a chip. */
export function shortMoment(instant: number, zone: string, messages: Dictionary): string {
  const wall = wallTime(instant, zone)
  return messages.shortMoment(wall.month, wall.day, clock(wall, instant, zone))
}

/** `Wed 18 Nov 12:00`, with the year when it is not this one. */
export function longMoment(instant: number, zone: string, messages: Dictionary, now: number): string {
  const wall = wallTime(instant, zone)
  if (wall.year === wallTime(now, zone).year)
    return messages.longMoment(weekday(wall), wall.month, wall.day, clock(wall, instant, zone))
  return messages.longMomentWithYear(weekday(wall), wall.year, wall.month, wall.day, clock(wall, instant, zone))
}

/** `20 Nov 08:15 to 08:20`: the day once where both are of the same; `18 Nov to 20 Nov` where it is of whole days. */
export function shortPeriod(from: number, to: number | undefined, zone: string, messages: Dictionary): string {
  const moment = (instant: number) => shortMoment(instant, zone, messages)
  const day = (day: Day) => messages.axisDate(partsOf(day).month, partsOf(day).date)
  return period(from, to, zone, messages, moment, day)
}

/** `Wed 18 Nov 12:00 to now`, `Wed 18 Nov` */
export function longPeriod(
  from: number,
  to: number | undefined,
  zone: string,
  messages: Dictionary,
  now: number,
): string {
  const moment = (instant: number) => longMoment(instant, zone, messages, now)
  const thisYear = wallTime(now, zone).year
  const day = (day: Day) => {
    const { year, month, date, weekday } = partsOf(day)
    return year === thisYear
      ? messages.longDay(weekday, month, date)
      : messages.longDayWithYear(weekday, year, month, date)
  }
  return period(from, to, zone, messages, moment, day)
}

/** `2026-11-18 12:00 to 2026-11-20 12:00`, `2026-11-18 to 2026-11-20` */
export function exactPeriod(from: number, to: number, zone: string, messages: Dictionary): string {
  const days = wholeDays(from, to, zone)
  if (days) return days.first === days.last ? days.first : messages.period(days.first, days.last)
  const moment = (instant: number) => {
    const wall = wallTime(instant, zone)
    return `${dateText(wall)} ${clock(wall, instant, zone)}`
  }
  return messages.period(moment(from), moment(to))
}

function period(
  from: number,
  to: number | undefined,
  zone: string,
  messages: Dictionary,
  moment: (instant: number) => string,
  dayText: (day: Day) => string,
): string {
  const days = to === undefined ? undefined : wholeDays(from, to, zone)
  if (!days) return messages.period(moment(from), end(from, to, zone, moment))
  return days.first === days.last ? dayText(days.first) : messages.period(dayText(days.first), dayText(days.last))
}

function end(from: number, to: number | undefined, zone: string, moment: (instant: number) => string) {
  if (to === undefined) return undefined
  const wall = wallTime(to, zone)
  return dateText(wall) === dateText(wallTime(from, zone)) ? clock(wall, to, zone) : moment(to)
}

/** How long ago, in the largest useful unit; the weekday after a week. */
export function relativeTime(instant: number, zone: string, messages: Dictionary, now: number): string {
  const seconds = Math.floor((now - instant) / 1000)
  if (seconds < -5) return messages.ahead
  if (seconds < 60) return messages.secondsAgo(Math.max(0, seconds))
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return messages.minutesAgo(minutes)
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return messages.hoursAgo(hours)
  const days = Math.floor(hours / 24)
  if (days < 7) return messages.daysAgo(days)
  return messages.weekday(weekday(wallTime(instant, zone)))
}
