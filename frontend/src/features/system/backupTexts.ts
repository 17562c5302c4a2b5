import type { backupsEn } from '../../i18n/backups.en'
import type { Widen } from '../../i18n/en'
import { addDays, dayAt } from '../../lib/time/days'
import { pad, wallTime } from '../../lib/time/zone'

export type BackupsMessages = Widen<typeof backupsEn>

/** `today 03:10`, or the date and the time. */
export function momentText(time: string, zone: string, now: number, messages: BackupsMessages): string {
  const instant = Date.parse(time)
  const { hour, minute } = wallTime(instant, zone)
  const clock = `${pad(hour)}:${pad(minute)}`
  const day = dayAt(instant, zone)
  const today = dayAt(now, zone)
  if (day === today) return messages.todayAt(clock)
  if (day === addDays(today, -1)) return messages.yesterdayAt(clock)
  return `${day} ${clock}`
}

/** `Every 6 hours`, in the largest unit without a rest. */
export function everyText(seconds: number, messages: BackupsMessages): string {
  if (seconds === 0) return messages.whenAsked
  if (seconds % 86_400 === 0) return messages.every.days(seconds / 86_400)
  if (seconds % 3600 === 0) return messages.every.hours(seconds / 3600)
  return messages.every.minutes(Math.max(1, Math.round(seconds / 60)))
}
