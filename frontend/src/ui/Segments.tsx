import { type KeyboardEvent, type Ref, useImperativeHandle, useRef } from 'react'

export interface Segment<T extends string> {
  value: T
  label: string
  lang?: string
}

export interface SegmentsHandle {
  /** Gives the focus to the one that is chosen. */
  focus: () => void
}

interface Props<T extends string> {
  ref?: Ref<SegmentsHandle>
  label: string
  segments: Segment<T>[]
  value: T | undefined
  small?: boolean
  className?: string
  onChange: (value: T) => void
}

/** One choice of a few, as joined buttons: a radio group, moved through with the arrow keys. */
export function Segments<T extends string>({ ref, label, segments, value, small, className, onChange }: Props<T>) {
  const group = useRef<HTMLDivElement>(null)
  useImperativeHandle(
    ref,
    () => ({ focus: () => group.current?.querySelector<HTMLElement>('[aria-checked=true]')?.focus() }),
    [],
  )
  const current = segments.findIndex((segment) => segment.value === value)

  function move(event: KeyboardEvent) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const next = (Math.max(current, 0) + step + segments.length) % segments.length
    const target = segments[next]
    if (!target) return
    onChange(target.value)
    group.current?.querySelectorAll('button')[next]?.focus()
  }

  const classes = ['segments', small && 'segments-small', className].filter(Boolean).join(' ')
  return (
    <div ref={group} className={classes} role="radiogroup" aria-label={label} onKeyDown={move}>
      {segments.map((segment, index) => (
        // biome-ignore lint/a11y/useSemanticElements: the one that is on can be pressed, to open it again
        <button
          key={segment.value}
          type="button"
          role="radio"
          aria-checked={segment.value === value}
          tabIndex={index === Math.max(current, 0) ? 0 : -1}
          lang={segment.lang}
          onClick={() => onChange(segment.value)}
        >
          {segment.label}
        </button>
      ))}
    </div>
  )
}
