import { type CSSProperties, type ReactNode, useRef } from 'react'
import { useWidth } from './hooks/useWidth'
import { shown } from './Shown'
import './list.css'

export interface Column<T> {
  key: string
  title: string
  width?: number
  /** Buttons of the row. */
  actions?: boolean
  cell: (item: T) => ReactNode
}

interface Props<T> {
  label: string
  columns: Column<T>[]
  items: T[]
  keyOf: (item: T) => string
  /** Whether an item is dimmed: revoked, disabled or retired. */
  faded?: (item: T) => boolean
}

/** A table of few rows, which fold into blocks if there is no room; each cell then shows its column's title. */
export function ListTable<T>({ label, columns, items, keyOf, faded }: Props<T>) {
  // Spare room is shared among columns by their width, except those of buttons.
  const widths = columns
    .map(({ width, actions }) =>
      actions ? `${width}px` : width ? `minmax(${width}px, ${width}fr)` : 'minmax(0, 480fr)',
    )
    .join(' ')
  const table = useRef<HTMLDivElement>(null)
  const width = useWidth(table)
  const folded = width > 0 && width < columns.reduce((least, column) => least + (column.width ?? 120), 0)
  return (
    <div
      ref={table}
      className={folded ? 'list list-folded' : 'list'}
      role="table"
      aria-label={label}
      style={{ '--columns': widths } as CSSProperties}
    >
      <div role="row" className="list-head">
        {columns.map((column) => (
          <span key={column.key} role="columnheader">
            {column.actions ? <span className="sr">{column.title}</span> : column.title}
          </span>
        ))}
      </div>
      {items.map((item) => (
        <div key={keyOf(item)} role="row" className={faded?.(item) ? 'list-faded' : undefined}>
          {columns.map((column) => (
            <div
              key={column.key}
              role="cell"
              className={column.actions ? 'list-actions' : undefined}
              data-label={column.title}
            >
              {shown(column.cell(item))}
            </div>
          ))}
        </div>
      ))}
    </div>
  )
}
