import type { nodesEn } from '../../i18n/nodes.en'
import type { ClusterNode } from '../../model/api/types'

/** How many nodes decide. */
export const votersOf = (nodes: ClusterNode[]) => nodes.filter((node) => node.voter).length

/** How bad it is that a node is behind. */
export function lagLevel({ lag_entries: messages, lag_ms: time }: ClusterNode): 'amber' | 'red' | undefined {
  if (time > 60_000) return 'red'
  return messages > 10_000 || time > 5000 ? 'amber' : undefined
}

/** `4 ms`, `20 s`, `3 min` */
export function lagTime(ms: number, messages: Pick<typeof nodesEn, 'milliseconds' | 'seconds' | 'minutes'>): string {
  if (ms < 1000) return messages.milliseconds(ms)
  const seconds = Math.round(ms / 1000)
  return seconds < 120 ? messages.seconds(seconds) : messages.minutes(Math.round(seconds / 60))
}
