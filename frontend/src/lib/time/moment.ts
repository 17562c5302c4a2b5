import { exactTime } from './zone'

/** `18:52:07` of today, else with the date. */
export function momentOf(at: number, now: number, zone: string): string {
  const [moment, today] = [at, now].map((time) => exactTime(new Date(time).toISOString(), zone)) as [string, string]
  return moment.slice(0, 10) === today.slice(0, 10) ? moment.slice(11) : moment
}
