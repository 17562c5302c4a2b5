import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { OrganizationNode } from './organizations'

/** The rows to draw: those in view and the one that the Tab key leads to, or the `whole` tree; and moving the focus. */
export function useTreeRows(
  list: RefObject<HTMLElement | null>,
  rows: OrganizationNode[],
  chosen: string | undefined,
  whole: boolean | undefined,
) {
  const [focused, setFocused] = useState<string>()
  const moved = useRef(false)
  const tabStop = Math.max(
    0,
    rows.findIndex((node) => node.id === (focused ?? chosen)),
  )
  const virtualizer = useTreeVirtualizer(list, rows.length, tabStop)

  function focusTabStop(options?: FocusOptions) {
    list.current?.querySelector<HTMLElement>('[role=treeitem][tabindex="0"]')?.focus(options)
  }
  function focus(node: OrganizationNode | undefined) {
    if (!node) return
    setFocused(node.id)
    virtualizer.scrollToIndex(rows.indexOf(node), { align: 'auto' })
    if (rows.indexOf(node) === tabStop) focusTabStop({ preventScroll: true })
    else moved.current = true
  }
  // The row that the focus goes to may not be drawn before this.
  useLayoutEffect(() => {
    if (moved.current) focusTabStop({ preventScroll: true })
    moved.current = false
  })

  const drawn = whole ? rows.map((_, index) => ({ index, start: 0, end: 0 })) : virtualizer.getVirtualItems()
  return {
    /** With the height of the rows between it and the one drawn before. */
    items: drawn.flatMap(({ index, start }, at) => {
      const node = rows[index]
      return node ? [{ node, index, gap: start - (drawn[at - 1]?.end ?? 0) }] : []
    }),
    /** The height of the rows after the last one drawn. */
    after: whole ? 0 : virtualizer.getTotalSize() - (drawn.at(-1)?.end ?? 0),
    tabStop,
    setFocused,
    focus,
    focusTabStop,
  }
}

function useTreeVirtualizer(list: RefObject<HTMLElement | null>, count: number, tabStop: number) {
  // On a phone the rows are higher.
  const [height, setHeight] = useState(32)
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => list.current,
    estimateSize: () => height,
    overscan: 12,
    rangeExtractor: (range) => {
      const drawn = defaultRangeExtractor(range)
      return drawn.includes(tabStop) ? drawn : [...drawn, tabStop].sort((a, b) => a - b)
    },
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height is what changed
  useEffect(() => {
    virtualizer.measure()
  }, [height, virtualizer])
  useLayoutEffect(() => {
    const drawn = list.current?.querySelector<HTMLElement>('[role=treeitem]')?.offsetHeight
    if (drawn) setHeight(drawn)
  }, [list])
  // Scrolls to the chosen organization at first.
  const first = useRef(true)
  useEffect(() => {
    if (first.current && tabStop > 0) virtualizer.scrollToIndex(tabStop, { align: 'center' })
    first.current = false
  }, [tabStop, virtualizer])
  return virtualizer
}
