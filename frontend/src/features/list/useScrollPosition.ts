import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import type { Entry } from '../../model/api/types'
import { useLatest } from '../../ui/hooks/useLatest'
import { findRow, type ScrollPosition, savedScrollPosition, saveScrollPosition } from './scrollPosition'

interface Rows {
  scroller: RefObject<HTMLElement | null>
  entries: Entry[]
  height: number
  query: string
  hasMore: boolean
  onMore: () => void
  onRow: (index: number) => void
}

/**
 * Restores the scroll position from when the table was unmounted with the same rows: after signing in again,
 * or when returning from another page. Returns the position still to restore; undefined once restored.
 */
export function useScrollPosition(rows: Rows): RefObject<ScrollPosition | undefined> {
  const { scroller, entries, height, query, hasMore, onMore, onRow } = rows
  const place = useRef(savedScrollPosition(query))
  const latest = useLatest(rows)

  useLayoutEffect(() => {
    const element = scroller.current
    return () => {
      const { entries, height, query } = latest.current
      const top = element?.scrollTop ?? 0
      const first = entries[Math.floor(top / height)]
      if (place.current === undefined)
        saveScrollPosition(
          first && top > 0 ? { query, seq: first.seq, time: first.time, cut: top % height } : undefined,
        )
    }
  }, [scroller, latest])

  useEffect(() => {
    const wanted = place.current
    if (!wanted || entries.length === 0) return
    if (wanted.query !== query) {
      place.current = undefined
      return
    }
    const index = findRow(wanted, entries, hasMore)
    if (index === undefined) {
      onMore()
      return
    }
    onRow(index)
    scroller.current?.scrollTo({ top: index * height + wanted.cut })
    // The open entry's own scrolling, in the same turn, must not undo it.
    requestAnimationFrame(() => {
      place.current = undefined
    })
  }, [scroller, entries, height, query, hasMore, onMore, onRow])

  return place
}
