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
  /** Set back: what is revoked, disabled or retired. */
  faded?: (item: T) => boolean
}

/** A table of few rows, which fold into blocks where there is no room for them: each cell then tells its column. */
export function ListTable<T>({ label, columns, items, keyOf, faded }: Props<T>) {
  // What the table has to spare goes to every column by its width, but to no buttons.
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
