import { useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect } from 'react'
import type { Layout } from '../../model/log/layout'

/** How many rows before the last one drawn the next page is asked for: not yet where reading begins. */
const readAhead = 60

interface Rows {
  count: number
  height: number
  layout: Layout['table']
  hasMore: boolean
  onMore: () => void
}

/** The rows in view, and a few around them; towards the last ones, more are asked for. */
export function useRowsInView(scroller: RefObject<HTMLElement | null>, rows: Rows) {
  const { count, height, hasMore, onMore } = rows
  const head = rows.layout === 'phone' ? 0 : 32
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    scrollPaddingStart: head,
    scrollMargin: head,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height is what changed
  useEffect(() => {
    virtualizer.measure()
  }, [height, virtualizer])

  const last = virtualizer.getVirtualItems().at(-1)?.index ?? -1
  useEffect(() => {
    if (hasMore && last >= count - readAhead) onMore()
  }, [hasMore, last, count, onMore])
  return virtualizer
}

export type RowsInView = ReturnType<typeof useRowsInView>
