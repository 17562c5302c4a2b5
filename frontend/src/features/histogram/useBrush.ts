import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import { type Step, Steps } from '../../lib/steps'
import { bucketAt, type Frame, fractionOf, selectionOf } from './buckets'

/** The part of the frame that is selected; an open end is that of the frame. */
interface Selection {
  from?: string
  to?: string
}

export interface Span {
  from: number
  to: number
}

interface Drag {
  anchor: number
  now: number
  moved: boolean
}

export interface Brush {
  selection: Selection | undefined
  onSelect: (selection: { from: string; to: string | undefined }, how?: Step) => void
  onClear: () => void
}

/** Selects whole buckets by dragging or by keys: the bucket under the pointer, the selection, and the figure's handlers. */
export function useBrush(frame: Frame | undefined, now: number, brush: Brush) {
  const { selection, onSelect, onClear } = brush
  const [hover, setHover] = useState<number>()
  const [drag, setDrag] = useState<Drag>()
  const selected = frame && shownSelection(frame, selection, drag, now)
  const onKeyDown = useBucketKeys(frame, now, { hover, setHover, ...brush })

  function press(event: PointerEvent) {
    if (event.button !== 0 || !frame) return
    const index = indexUnder(event, frame)
    // Pressing near an edge of the selection drags it: the other edge is the anchor.
    const box = event.currentTarget.getBoundingClientRect()
    const near = (instant: number) => Math.abs(fractionOf(frame, instant) * box.width + box.left - event.clientX) <= 6
    let anchor = index
    if (selection && selected) {
      if (near(selected.from)) anchor = bucketAt(frame, fractionOf(frame, selected.to - 1))
      else if (near(selected.to)) anchor = bucketAt(frame, fractionOf(frame, selected.from))
    }
    event.currentTarget.setPointerCapture(event.pointerId)
    setDrag({ anchor, now: index, moved: false })
  }

  function move(event: PointerEvent) {
    if (!frame) return
    const index = indexUnder(event, frame)
    setHover(index)
    if (drag && (index !== drag.now || drag.moved)) setDrag({ ...drag, now: index, moved: true })
  }

  function release() {
    if (drag?.moved && frame) onSelect(selectionOf(frame, drag.anchor, drag.now, now))
    setDrag(undefined)
  }

  return {
    hover,
    selected,
    handlers: {
      onPointerDown: press,
      onPointerMove: move,
      onPointerUp: release,
      onPointerCancel: () => setDrag(undefined),
      onPointerLeave: () => setHover(undefined),
      onDoubleClick: onClear,
      onKeyDown,
      onBlur: () => setHover(undefined),
    },
  }
}

function indexUnder(event: PointerEvent, frame: Frame): number {
  const box = event.currentTarget.getBoundingClientRect()
  return bucketAt(frame, (event.clientX - box.left) / box.width)
}

interface Keys extends Brush {
  hover: number | undefined
  setHover: (index: number) => void
}

/** ←→ move between buckets, Shift selects, Escape clears the selection. */
function useBucketKeys(frame: Frame | undefined, now: number, keys: Keys) {
  const { hover, setHover, selection, onSelect, onClear } = keys
  const anchor = useRef<number>(undefined)
  const [steps] = useState(() => new Steps())
  return (event: KeyboardEvent) => {
    if (event.key === 'Escape' && selection) {
      event.preventDefault()
      onClear()
    }
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!step || !frame) return
    event.preventDefault()
    const present = bucketAt(frame, fractionOf(frame, now))
    const last = frame.counts.length - 1
    const from = hover ?? present
    const next = hover === undefined ? present : Math.min(last, Math.max(0, from + step))
    setHover(next)
    if (!event.shiftKey) {
      anchor.current = undefined
      steps.end()
    } else {
      anchor.current ??= from
      onSelect(selectionOf(frame, anchor.current, next, now), { replace: true, goesOn: steps.next() })
    }
  }
}

/** The selection on screen: the one that is being dragged, or else the chosen one. */
function shownSelection(
  frame: Frame,
  selection: Selection | undefined,
  drag: Drag | undefined,
  now: number,
): Span | undefined {
  // The frame of a preset ends with the day, but the selection ends now.
  const present = Math.min(frame.to, Math.max(now, frame.from))
  if (drag?.moved) {
    const { from, to } = selectionOf(frame, drag.anchor, drag.now, now)
    return { from: Date.parse(from), to: to ? Date.parse(to) : present }
  }
  if (!selection) return undefined
  return {
    from: selection.from ? Date.parse(selection.from) : frame.from,
    to: selection.to ? Date.parse(selection.to) : present,
  }
}
