import type { Entry } from '../../model/api/types'

/** Where a reader was in the rows: which entry stood at the top, and by how much it was cut. */
export interface ScrollPosition {
  query: string
  seq: number
  time: string
  cut: number
}

let kept: ScrollPosition | undefined

/** Remembers where the reader was when the table goes away, as it does when a session ends. */
export function saveScrollPosition(place: ScrollPosition | undefined) {
  kept = place
}

/** Where the reader of these rows was before. */
export function savedScrollPosition(query: string): ScrollPosition | undefined {
  return kept?.query === query ? kept : undefined
}

/** The row to scroll to; undefined while it may be among rows that are yet to be read. Newer rows move nothing. */
export function findRow(place: ScrollPosition, entries: Entry[], hasMore: boolean): number | undefined {
  const same = entries.findIndex((entry) => entry.seq === place.seq)
  if (same >= 0) return same
  // It is gone: what was below it then. Newest first, so the first that is not newer.
  const older = entries.findIndex((entry) => entry.time < place.time)
  if (older >= 0) return older
  return hasMore ? undefined : Math.max(0, entries.length - 1)
}
