import { type KeyboardEvent, useRef } from 'react'
import type { Entry } from '../../model/api/types'
import { exclusionOf, type ListFilter } from '../../model/log/filters'
import { type Column, columns } from '../../model/log/preferences'
import { useKey } from '../../ui/hooks/useKey'
import { cellFilter } from './cellFilter'

interface Rows {
  entries: Entry[]
  openSeq: number | undefined
  byOrganization: boolean
  onOpen: (entry: Entry) => void
  onFilter: (name: ListFilter, value: string) => void
  onCopy: (text: string) => void
}

interface Keys {
  current: number
  hidden: Column[]
  /** How many rows a page key moves by. */
  pageRows: () => number
  focusRow: (index: number) => void
}

/** The keys of the rows, as a handler of the table. */
export function useRowKeys(rows: Rows, { current, hidden, pageRows, focusRow }: Keys) {
  const { entries, openSeq, onOpen } = rows
  const armed = useRef<string>(undefined)

  // From anywhere on the page the first key moves the focus to the rows.
  useKey('j', () => focusRow(current), entries.length > 0)
  useKey('k', () => focusRow(current), entries.length > 0)

  /** Handles `f`, or `e` to exclude, followed by the number of a displayed column. */
  function filterByColumn(entry: Entry, number: number, exclude: boolean) {
    const column = columns.filter((one) => !hidden.includes(one))[number - 1]
    const wanted = column && cellFilter(entry, column, rows.byOrganization)
    if (wanted) rows.onFilter(exclude ? exclusionOf(wanted.name) : wanted.name, wanted.value)
  }

  return (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof HTMLElement)) return
    if (event.target.getAttribute('role') !== 'row') return
    const entry = entries[current]
    const { current: letter } = armed
    const number = letter && entry ? Number(event.key) : 0
    armed.current = event.key === 'f' || event.key === 'e' ? event.key : undefined
    if (entry && number > 0) {
      event.preventDefault()
      filterByColumn(entry, number, letter === 'e')
      return
    }
    const page = pageRows()
    const steps: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page }
    const step = steps[event.key]
    if (step) {
      const next = Math.min(entries.length - 1, Math.max(0, current + step))
      focusRow(next)
      const target = entries[next]
      if (openSeq !== undefined && target) onOpen(target)
    } else if (event.key === 'Home') focusRow(0)
    else if (event.key === 'End') focusRow(entries.length - 1)
    else if (event.key === 'Enter' && entry) onOpen(entry)
    else if (event.key === 'x' && entry) rows.onCopy(entry.content?.id ?? entry.id)
    else return
    event.preventDefault()
  }
}
