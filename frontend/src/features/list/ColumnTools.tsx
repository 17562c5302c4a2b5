import { type KeyboardEvent, type PointerEvent, type RefObject, useLayoutEffect, useRef } from 'react'
import { useMessages } from '../../i18n/language'
import { exclusionOf, type Field, type Filters } from '../../model/log/filters'
import { columnTitles } from '../../model/log/filterTexts'
import { type Column, columns, type Preferences, widthLimits, withWidth } from '../../model/log/preferences'
import { useWidth } from '../../ui/hooks/useWidth'
import { IconButton } from '../../ui/IconButton'
import { columnFields } from './cellFilter'
import './head.css'

interface Props {
  preferences: Preferences
  filters: Filters
  byOrganization: boolean
  onPreferences: (next: Preferences) => void
  onChoose: (field: Field) => void
}

/**
 * The tools of a column's header: filter by its values, and drag its edge. They lie over the header, not in it, so that
 * the column's accessible name stays its title.
 */
export function ColumnTools({ preferences, filters, byOrganization, onPreferences, onChoose }: Props) {
  const messages = useMessages()
  const titles = columnTitles(messages)
  return (
    <div className="head-tools">
      {columns
        .filter((column) => !preferences.hidden.includes(column))
        .map((column) => {
          const filter =
            column === 'content' || (column === 'organization' && !byOrganization) ? undefined : columnFields[column]
          const label = messages.filterBy(titles[column])
          const isOn = filter && filters[filter].length + filters[exclusionOf(filter)].length > 0
          return (
            <div key={column}>
              {filter && (
                <IconButton
                  small
                  className={isOn ? 'head-filter head-filter-on' : 'head-filter'}
                  label={label}
                  icon="funnel"
                  onClick={() => onChoose(filter)}
                />
              )}
              {column !== 'content' && (
                <Edge
                  column={column}
                  label={messages.widthOf(titles[column])}
                  preferences={preferences}
                  onPreferences={onPreferences}
                />
              )}
            </div>
          )
        })}
    </div>
  )
}

interface EdgeProps {
  column: Column
  label: string
  preferences: Preferences
  onPreferences: (next: Preferences) => void
}

/**
 * The edge of a column towards the content, which takes what the others leave: dragged by mouse, pen or finger, or moved
 * by the arrow keys. A double click or Delete gives the column its usual width.
 */
function Edge({ column, label, preferences, onPreferences }: EdgeProps) {
  const edge = useRef<HTMLDivElement>(null)
  const head = useRef<HTMLElement>(null)
  const left = columns.indexOf(column) > columns.indexOf('content')
  useLayoutEffect(() => {
    head.current = edge.current?.parentElement ?? null
  }, [])
  const width = useWidth(head)

  const set = (to: number | undefined) => onPreferences(withWidth(preferences, column, to))
  const reset = () => set(undefined)
  /** The width after the edge has moved to the right by so much. */
  const moved = (from: number, by: number) => set(from + (left ? -by : by))

  function keyDown(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const step = event.shiftKey ? 32 : 8
    const from = preferences.widths[column] ?? width // the measured width comes later than a fast second key
    if (event.key === 'ArrowRight') moved(from, step)
    else if (event.key === 'ArrowLeft') moved(from, -step)
    else if (event.key === 'Home') set(widthLimits.min)
    else if (event.key === 'End') set(widthLimits.max)
    else if (event.key === 'Delete' || event.key === 'Backspace') reset()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: it is moved, which a rule is not
    <div
      ref={edge}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={Math.min(width, widthLimits.min)}
      aria-valuemax={Math.max(width, widthLimits.max)}
      tabIndex={0}
      className={left ? 'head-edge head-edge-left' : 'head-edge'}
      onDoubleClick={reset}
      onKeyDown={keyDown}
      {...useDrag(head, moved)}
    />
  )
}

/** Handlers that drag an edge: `onMove` gets the width of the head when it began, and the way to the right since. */
function useDrag(head: RefObject<HTMLElement | null>, onMove: (from: number, by: number) => void) {
  const drag = useRef<{ x: number; width: number }>(undefined)
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return
      event.preventDefault()
      event.currentTarget.focus()
      event.currentTarget.setPointerCapture(event.pointerId)
      drag.current = { x: event.clientX, width: head.current?.clientWidth ?? 0 }
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (drag.current) onMove(drag.current.width, event.clientX - drag.current.x)
    },
    onLostPointerCapture: () => {
      drag.current = undefined
    },
  }
}
