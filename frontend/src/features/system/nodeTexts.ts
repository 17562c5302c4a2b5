import type { nodesEn } from '../../i18n/nodes.en'
import type { Cluster, ClusterNode } from '../../model/api/types'

/** How many nodes decide. */
export const votersOf = (nodes: ClusterNode[]) => nodes.filter((node) => node.voter).length

/** What is said of the level of messages, and of the nodes for which a higher one waits. */
export function levelTexts({ level, nodes = [] }: Cluster, messages: Pick<typeof nodesEn, 'levelNow' | 'levelWaits'>) {
  if (!level) return []
  const highest = Math.max(level, ...nodes.map((node) => node.highest_level ?? 0))
  const late = nodes.filter((node) => highest > level && (node.highest_level ?? 0) < highest)
  const waits = late.length > 0 && messages.levelWaits(highest, late.map((node) => node.address).join(', '))
  return [messages.levelNow(level), ...(waits ? [waits] : [])]
}

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
