import { type FocusEvent, type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import type { Entry } from '../../model/api/types'
import { focusRow } from '../../ui/focusRow'
import type { RowsInView } from './useRowsInView'
import { useScrollPosition } from './useScrollPosition'

interface Drawn {
  scroller: RefObject<HTMLElement | null>
  /** The element around the rows. */
  body: RefObject<HTMLElement | null>
  virtualizer: RowsInView
  height: number
}

interface Rows {
  entries: Entry[]
  openSeq: number | undefined
  hasMore: boolean
  onMore: () => void
  resetKey: string
}

/** The row that the keys act on: the first one when the rows are others, the open one, or the one moved to. */
export function useCurrentRow({ scroller, body, virtualizer, height }: Drawn, rows: Rows) {
  const { entries, openSeq, hasMore, onMore, resetKey } = rows
  const [current, setCurrent] = useState(0)
  const inRows = useRef(false)

  const moveTo = useCallback(
    (index: number) => {
      setCurrent(index)
      virtualizer.scrollToIndex(index, { align: 'auto' })
      focusRow(scroller.current, index)
    },
    [scroller, virtualizer],
  )

  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows begin at the top
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 })
    setCurrent(0)
    // A focus in the rows begins at the top with them, also where its own row is gone.
    const active = document.activeElement
    const focused = active === document.body ? inRows.current : body.current?.contains(active)
    if (focused && openSeq === undefined) moveTo(0)
  }, [resetKey])

  const place = useScrollPosition({ scroller, entries, height, query: resetKey, hasMore, onMore, onRow: setCurrent })

  // The drawer's steps move the row with them, into view.
  useEffect(() => {
    const index = openSeq === undefined ? -1 : entries.findIndex((entry) => entry.seq === openSeq)
    if (index < 0) return
    setCurrent(index)
    if (place.current === undefined) virtualizer.scrollToIndex(index, { align: 'auto' })
  }, [openSeq, entries, virtualizer, place])

  return {
    current,
    setCurrent,
    focusRow: moveTo,
    /** Handlers of the table. */
    focusing: {
      onFocus: () => {
        inRows.current = true
      },
      onBlur: (event: FocusEvent) => {
        if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) inRows.current = false
      },
    },
  }
}
