import type { ReactNode } from 'react'
import { createPortal } from 'react-dom'
import './print.css'

export interface PrintColumn {
  title: string
  /** Its share of the width. */
  part: number
}

interface Props {
  head: ReactNode
  columns: PrintColumn[]
  rows: { key: number; cells: ReactNode[] }[]
}

/** A printed table, without the rest of the page: its head repeats on every sheet, and rows are not split. */
export function PrintTable({ head, columns, rows }: Props) {
  const whole = columns.reduce((sum, { part }) => sum + part, 0)
  return createPortal(
    <div className="print-sheet print-table">
      {head}
      <table>
        <colgroup>
          {columns.map(({ title, part }) => (
            <col key={title} style={{ width: `${(100 * part) / whole}%` }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map(({ title }) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, index) => (
                <td key={columns[index]?.title}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>,
    document.body,
  )
}
