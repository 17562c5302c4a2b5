import type { Dictionary } from '../i18n/en'
import { dateText, pad, wallTime, weekday } from './zone'

function clock(wall: { hour: number; minute: number; second: number }): string {
  const minutes = `${pad(wall.hour)}:${pad(wall.minute)}`
  return wall.second ? `${minutes}:${pad(wall.second)}` : minutes
}

/** `18 Nov 12:00`, for a chip. */
export function shortMoment(instant: number, zone: string, words: Dictionary): string {
  const wall = wallTime(instant, zone)
  return words.shortMoment(wall.month, wall.day, clock(wall))
}

/** `Wed 18 Nov 12:00`, with the year when it is not this one. */
export function longMoment(instant: number, zone: string, words: Dictionary, now: number): string {
  const wall = wallTime(instant, zone)
  if (wall.year === wallTime(now, zone).year) return words.longMoment(weekday(wall), wall.month, wall.day, clock(wall))
  return words.longMomentWithYear(weekday(wall), wall.year, wall.month, wall.day, clock(wall))
}

/** `20 Nov 08:15 to 08:20`: the day once where both are of the same. */
export function shortPeriod(from: number, to: number | undefined, zone: string, words: Dictionary): string {
  return words.period(
    shortMoment(from, zone, words),
    end(from, to, zone, (instant) => shortMoment(instant, zone, words)),
  )
}

/** `Wed 18 Nov 12:00 to now` */
export function longPeriod(from: number, to: number | undefined, zone: string, words: Dictionary, now: number): string {
  const moment = (instant: number) => longMoment(instant, zone, words, now)
  return words.period(moment(from), end(from, to, zone, moment))
}

function end(from: number, to: number | undefined, zone: string, moment: (instant: number) => string) {
  if (to === undefined) return undefined
  const wall = wallTime(to, zone)
  return dateText(wall) === dateText(wallTime(from, zone)) ? clock(wall) : moment(to)
}

/** How long ago, in the roughest unit that still helps; the weekday once it is a week old. */
export function relativeTime(instant: number, zone: string, words: Dictionary, now: number): string {
  const seconds = Math.floor((now - instant) / 1000)
  if (seconds < -5) return words.ahead
  if (seconds < 60) return words.secondsAgo(Math.max(0, seconds))
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return words.minutesAgo(minutes)
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return words.hoursAgo(hours)
  const days = Math.floor(hours / 24)
  if (days < 7) return words.daysAgo(days)
  return words.weekday(weekday(wallTime(instant, zone)))
}
