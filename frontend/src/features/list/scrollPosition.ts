import type { Entry } from '../../model/api/types'

/** A scroll position: the entry at the top, and how much of it was cut off. */
export interface ScrollPosition {
  query: string
  seq: number
  time: string
  cut: number
}

let kept: ScrollPosition | undefined

/** Saves the position when the table unmounts, such as when a session ends. */
export function saveScrollPosition(place: ScrollPosition | undefined) {
  kept = place
}

/** The saved position in these rows. */
export function savedScrollPosition(query: string): ScrollPosition | undefined {
  return kept?.query === query ? kept : undefined
}

/** The row to scroll to; undefined while it may be in rows not loaded yet. Newer rows do not matter. */
export function findRow(place: ScrollPosition, entries: Entry[], hasMore: boolean): number | undefined {
  const same = entries.findIndex((entry) => entry.seq === place.seq)
  if (same >= 0) return same
  // The entry is gone: use the one below it, the first that is not newer.
  const older = entries.findIndex((entry) => entry.time < place.time)
  if (older >= 0) return older
  return hasMore ? undefined : Math.max(0, entries.length - 1)
}
