import type { Entry } from '../api/types'

export interface Delay {
  unit: 'minutes' | 'hours' | 'days'
  count: number
}

const [minute, hour, day] = [60, 3600, 86_400]

/** How long after the operation time the log received an entry, if more than five minutes. */
export function delayOf({ time, received_at }: Pick<Entry, 'time' | 'received_at'>): Delay | undefined {
  const seconds = (Date.parse(received_at) - Date.parse(time)) / 1000
  if (seconds <= 5 * minute) return undefined
  if (seconds < hour) return { unit: 'minutes', count: Math.floor(seconds / minute) }
  if (seconds < day) return { unit: 'hours', count: Math.floor(seconds / hour) }
  return { unit: 'days', count: Math.floor(seconds / day) }
}
