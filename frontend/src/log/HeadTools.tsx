import { type PointerEvent, useRef } from 'react'
import { useWords } from '../i18n/language'
import { Icon } from '../theme/Icon'
import { exclusionOf, type Field, type Filters } from './filters'
import { columnTitles } from './filterWords'
import { type Column, columns, type Taste, withWidth } from './taste'
import './head.css'

interface Props {
  taste: Taste
  filters: Filters
  byOrganization: boolean
  onTaste: (next: Taste) => void
  onChoose: (field: Field) => void
}

const filterOf: Partial<Record<Column, Field>> = {
  user: 'user',
  role: 'role',
  organization: 'organization',
  module: 'module',
  type: 'operation',
}

/**
 * What can be done with the head of a column: filter by its values, and drag its edge. It lies over the head and not in
 * it, so that a column's name stays its name. The keyboard's way to the widths is in the choice of columns.
 */
export function HeadTools({ taste, filters, byOrganization, onTaste, onChoose }: Props) {
  const words = useWords()
  const titles = columnTitles(words)
  return (
    <div className="head-tools">
      {columns
        .filter((column) => !taste.hidden.includes(column))
        .map((column) => {
          const filter = column === 'organization' && !byOrganization ? undefined : filterOf[column]
          const label = words.filterBy(titles[column])
          const isOn = filter && filters[filter].length + filters[exclusionOf(filter)].length > 0
          return (
            <div key={column}>
              {filter && (
                <button
                  type="button"
                  className={isOn ? 'head-filter head-filter-on' : 'head-filter'}
                  aria-label={label}
                  title={label}
                  onClick={() => onChoose(filter)}
                >
                  <Icon name="funnel" small />
                </button>
              )}
              {column !== 'content' && <Edge column={column} taste={taste} onTaste={onTaste} />}
            </div>
          )
        })}
    </div>
  )
}

/** The edge of a column towards the content, which takes what the others leave. */
function Edge({ column, taste, onTaste }: { column: Column; taste: Taste; onTaste: (next: Taste) => void }) {
  const drag = useRef<{ x: number; width: number }>(undefined)
  const left = columns.indexOf(column) > columns.indexOf('content')

  function begin(event: PointerEvent<HTMLElement>) {
    event.preventDefault()
    event.currentTarget.setPointerCapture(event.pointerId)
    drag.current = { x: event.clientX, width: event.currentTarget.parentElement?.clientWidth ?? 0 }
  }

  function move(event: PointerEvent<HTMLElement>) {
    const { current } = drag
    if (!current) return
    const by = event.clientX - current.x
    onTaste(withWidth(taste, column, current.width + (left ? -by : by)))
  }

  return (
    <i
      className={left ? 'head-edge head-edge-left' : 'head-edge'}
      aria-hidden="true"
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={() => {
        drag.current = undefined
      }}
      onDoubleClick={() => onTaste(withWidth(taste, column, undefined))}
    />
  )
}
