/** Wall-clock parts of an instant in a zone. Months count from 1, weekdays from Sunday = 0. */
export interface WallTime {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(zone: string): Intl.DateTimeFormat {
  let known = formatters.get(zone)
  if (!known) {
    known = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(zone, known)
  }
  return known
}

export function wallTime(instant: number, zone: string): WallTime {
  const wall = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 }
  for (const part of formatter(zone).formatToParts(instant))
    if (part.type in wall) wall[part.type as keyof WallTime] = Number(part.value)
  return wall
}

function asUTC(wall: WallTime): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second)
}

/** The zone's offset from UTC at an instant, in milliseconds. */
export function offsetAt(instant: number, zone: string): number {
  const whole = Math.floor(instant / 1000) * 1000
  return asUTC(wallTime(whole, zone)) - whole
}

/** All instants at which the zone's clocks show a wall time: none if a clock change skips it, two if it occurs twice. */
export function instantsOf(wall: WallTime, zone: string): number[] {
  const naive = asUTC(wall)
  const around = [-86_400_000, 86_400_000].map((away) => offsetAt(naive + away, zone))
  return [...new Set(around)].map((offset) => naive - offset).filter((at) => at + offsetAt(at, zone) === naive)
}

/**
 * The instant at which the zone's clocks show a wall time. A time that a change of clocks skips is taken
 * with the offset before the change (so it lies after it); one that occurs twice is its first occurrence.
 */
export function instantOf(wall: WallTime, zone: string): number {
  const naive = asUTC(wall)
  return instantsOf(wall, zone)[0] ?? naive - offsetAt(naive - 86_400_000, zone)
}

/** Whether the zone's clocks show the time of an instant twice because they are set back. */
export function isRepeated(instant: number, zone: string): boolean {
  return instantsOf(wallTime(instant, zone), zone).length > 1
}

export function weekday(wall: WallTime): number {
  return new Date(Date.UTC(wall.year, wall.month - 1, wall.day)).getUTCDay()
}

export function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0')
}

export function dateText(wall: WallTime): string {
  return `${pad(wall.year, 4)}-${pad(wall.month)}-${pad(wall.day)}`
}

export function clockText(wall: WallTime): string {
  return `${pad(wall.hour)}:${pad(wall.minute)}:${pad(wall.second)}`
}

/** `2026-11-20 16:41:07`: the exact form in both languages. */
export function exactTime(iso: string, zone: string): string {
  const wall = wallTime(Date.parse(iso), zone)
  return `${dateText(wall)} ${clockText(wall)}`
}

/** `UTC+8`, `UTC+5:30`, `UTC` */
export function offsetText(instant: number, zone: string): string {
  const minutes = Math.round(offsetAt(instant, zone) / 60_000)
  if (minutes === 0) return 'UTC'
  const absolute = Math.abs(minutes)
  const rest = absolute % 60
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(absolute / 60)}${rest ? `:${pad(rest)}` : ''}`
}
