import { addDays, type Day, dayAt, dayFrom, partsOf, startOf, startsDay } from './days'
import { clockText, instantOf, isRepeated, offsetText, wallTime } from './zone'

/** The parsed input of a period field: a day or an instant. */
export type TypedMoment = { day: Day } | { instant: number }

const date = /^(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d\d)(\d\d))/
const clock = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|(?:UTC|GMT)?\s*(?:[+\-−]\d{1,2}(?::?\d\d)?)?)$/i

/**
 * Reads `2026-11-26`, `2026/11/26`, `2026年11月26日`, each alone or with a time, `16:41` or `16:41:07`, and that with or
 * without a UTC offset. Undefined for anything else and for times that do not exist.
 */
export function parseMoment(text: string, zone: string): TypedMoment | undefined {
  const plain = text.normalize('NFKC').trim()
  const found = date.exec(plain)
  if (!found) return undefined
  const [, year, m1, d1, m2, d2, m3, d3] = found
  const day = dayFrom(Number(year), Number(m1 ?? m2 ?? m3), Number(d1 ?? d2 ?? d3))
  if (!day || Number(year) < 1970) return undefined
  const rest = plain.slice(found[0].length)
  if (rest === '') return { day }
  if (!/^[\sT]/.test(rest) && !found[0].endsWith('日')) return undefined
  return timeOf(day, rest.replace(/^[\sT]+/, ''), zone)
}

/** A day without a zone; '' for empty input, undefined for invalid input. */
export function parseDay(text: string): Day | '' | undefined {
  if (text.trim() === '') return ''
  const typed = parseMoment(text, 'UTC')
  return typed && 'day' in typed ? typed.day : undefined
}

function timeOf(day: Day, text: string, zone: string): TypedMoment | undefined {
  const found = clock.exec(text)
  if (!found) return undefined
  const [hour, minute, second] = [found[1], found[2], found[3] ?? '0'].map(Number) as [number, number, number]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const { year, month, date } = partsOf(day)
  const wall = { year, month, day: date, hour, minute, second }
  const offset = minutesOf(found[4] ?? '')
  if (offset === undefined) return { instant: instantOf(wall, zone) }
  return { instant: Date.UTC(year, month - 1, date, hour, minute, second) - offset * 60_000 }
}

/** `UTC+5:30`, `+0530`, `Z` in minutes. */
function minutesOf(text: string): number | undefined {
  if (text === '') return undefined
  const found = /([+\-−])(\d{1,2}):?(\d\d)?$/.exec(text)
  if (!found) return 0
  return (found[1] === '+' ? 1 : -1) * (Number(found[2]) * 60 + Number(found[3] ?? 0))
}

export interface Period {
  from: string
  to: string
}

export type PeriodError = 'from' | 'to' | 'order'

/** The period of two inputs, with whole days at both ends, or which of them is invalid, or that they are out of order. */
export function parsePeriod(from: string, to: string, zone: string): Period | PeriodError {
  const start = parseMoment(from, zone)
  const end = parseMoment(to, zone)
  if (!start) return 'from'
  if (!end) return 'to'
  const first = 'day' in start ? startOf(start.day, zone) : start.instant
  const after = 'day' in end ? startOf(addDays(end.day, 1), zone) : end.instant
  if (first >= after) return 'order'
  return { from: new Date(first).toISOString(), to: new Date(after).toISOString() }
}

/** An instant as input text: only the day at its start, the time without seconds if they are zero. */
export function momentText(instant: number, zone: string): string {
  const day = dayAt(instant, zone)
  if (startsDay(instant, zone)) return day
  const wall = wallTime(instant, zone)
  const time = wall.second ? clockText(wall) : clockText(wall).slice(0, 5)
  return `${day} ${time}${isRepeated(instant, zone) ? ` ${offsetText(instant, zone)}` : ''}`
}

/** The end of a period as input text: the day itself if it ends with that day. */
export function endText(instant: number, zone: string): string {
  return startsDay(instant, zone) ? addDays(dayAt(instant, zone), -1) : momentText(instant, zone)
}
