import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from 'react'
import { useMessages } from '../../i18n/language'
import { offsetText } from '../../lib/time/zone'
import type { Entry } from '../../model/api/types'
import { exclusionOf, type Field } from '../../model/log/filters'
import { type Layout, rowHeight } from '../../model/log/layout'
import { type Column, columns, gridColumns, type Preferences } from '../../model/log/preferences'
import { useKey } from '../../ui/hooks/useKey'
import { ColumnTools } from './ColumnTools'
import { LogRow, type RowContext } from './LogRow'
import './head.css'
import './table.css'
import './layouts.css'
import { useScrollPosition } from './useScrollPosition'

/** The table's methods for other components. */
export interface TableHandle {
  toTop: () => void
  /** Focuses the current row of the keyboard, if it is drawn. */
  focusCurrent: () => void
}

interface Props extends RowContext {
  ref: Ref<TableHandle>
  entries: Entry[]
  total: number | undefined
  layout: Layout['table']
  preferences: Preferences
  onPreferences: (next: Preferences) => void
  /** Opens the choices of a filter, from the head of its column. */
  onChoose: (field: Field) => void
  openSeq: number | undefined
  /** A search is running for long enough to say so. */
  dimmed: boolean
  /** Nothing has been read yet. */
  loading: boolean
  hasMore: boolean
  onMore: () => void
  onOpen: (entry: Entry) => void
  /** Changes when the rows are others, so that reading starts at the top again. */
  resetKey: string
  /** Shown instead of rows if there are none. */
  empty: ReactNode
  /** Shown below the last row. */
  foot: ReactNode
}

/** How many rows before the last one drawn the next page is asked for: not yet where reading begins. */
const readAhead = 60

/**
 * The log as a table of seven columns. Only the rows in view are drawn; the roles say what the elements are,
 * because rows that are moved by CSS cannot be a real table's.
 */
export function LogTable(props: Props) {
  const { ref, entries, layout, openSeq, hasMore, onMore, onOpen, resetKey } = props
  const messages = useMessages()
  const scroller = useRef<HTMLDivElement>(null)
  const [current, setCurrent] = useState(0)
  const [hovered, setHovered] = useState<number>()
  const armed = useRef<string>(undefined)
  const inRows = useRef(false)
  const rows = useRef<HTMLDivElement>(null)
  const height = rowHeight(layout, props.preferences.density)
  const hidden = layout === 'wide' ? props.preferences.hidden : []

  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    scrollPaddingStart: layout === 'phone' ? 0 : 32,
    scrollMargin: layout === 'phone' ? 0 : 32,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height is what changed
  useEffect(() => {
    virtualizer.measure()
  }, [height, virtualizer])

  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows begin at the top
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 })
    setCurrent(0)
    // A focus in the rows begins at the top with them, also where its own row is gone.
    const active = document.activeElement
    const focused = active === document.body ? inRows.current : rows.current?.contains(active)
    if (focused && openSeq === undefined) focusRow(0)
  }, [resetKey])

  const place = useScrollPosition({ scroller, entries, height, query: resetKey, hasMore, onMore, onRow: setCurrent })

  const items = virtualizer.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (hasMore && last >= entries.length - readAhead) onMore()
  }, [hasMore, last, entries.length, onMore])

  // The drawer's steps move the row with them, into view.
  useEffect(() => {
    const index = openSeq === undefined ? -1 : entries.findIndex((entry) => entry.seq === openSeq)
    if (index < 0) return
    setCurrent(index)
    if (place.current === undefined) virtualizer.scrollToIndex(index, { align: 'auto' })
  }, [openSeq, entries, virtualizer, place])

  const focusRow = useCallback(
    (index: number) => {
      setCurrent(index)
      virtualizer.scrollToIndex(index, { align: 'auto' })
      requestAnimationFrame(() =>
        scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true }),
      )
    },
    [virtualizer],
  )

  useImperativeHandle(
    ref,
    () => ({
      toTop: () => scroller.current?.scrollTo({ top: 0 }),
      focusCurrent: () => rows.current?.querySelector<HTMLElement>('[tabindex="0"][role=row]')?.focus(),
    }),
    [],
  )

  // From anywhere on the page the first key moves the focus to the rows.
  useKey('j', () => focusRow(current), entries.length > 0)
  useKey('k', () => focusRow(current), entries.length > 0)

  /** Handles `f`, or `e` to exclude, followed by the number of a displayed column. */
  function filterByColumn(entry: Entry, number: number, exclude: boolean) {
    const column = columns.filter((one) => !hidden.includes(one))[number - 1]
    const wanted = column && filterOf(entry, column)
    if (wanted?.value && (wanted.name !== 'organization' || props.byOrganization))
      props.onFilter(exclude ? exclusionOf(wanted.name) : wanted.name, wanted.value)
  }

  function keyDown(event: KeyboardEvent) {
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
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1)
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
    else if (event.key === 'x' && entry) props.onCopy(entry.content?.id ?? entry.id)
    else return
    event.preventDefault()
  }

  const open = useCallback(
    (entry: Entry, index: number) => {
      if (window.getSelection()?.type === 'Range') return // the reader was marking text
      setCurrent(index)
      onOpen(entry)
    },
    [onOpen],
  )

  const margin = virtualizer.options.scrollMargin
  return (
    <section
      ref={scroller}
      className={[
        `log-scroll log-${layout} log-${props.preferences.density}`,
        ...hidden.map((column) => `without-${column}`),
        props.dimmed && 'log-dimmed',
        !props.loading && entries.length === 0 && 'log-none',
      ]
        .filter(Boolean)
        .join(' ')}
      style={{ '--columns': gridColumns({ hidden, widths: props.preferences.widths }) } as CSSProperties}
      aria-label={messages.operationsRegion}
    >
      {layout === 'wide' && (
        <ColumnTools
          preferences={props.preferences}
          filters={props.filters}
          byOrganization={props.byOrganization}
          onPreferences={props.onPreferences}
          onChoose={props.onChoose}
        />
      )}
      <div
        className="log-table"
        role="table"
        aria-label={messages.operationLog}
        aria-rowcount={props.total === undefined ? -1 : props.total + 1}
        aria-busy={props.dimmed || props.loading}
        onKeyDown={keyDown}
        onFocus={() => {
          inRows.current = true
        }}
        onBlur={(event) => {
          if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) inRows.current = false
        }}
      >
        <Head zone={props.zone} now={props.now} />
        {props.loading ? (
          <Skeleton height={height} columns={columns.length - hidden.length} />
        ) : (
          <div
            role="rowgroup"
            ref={rows}
            className="log-body"
            style={{ height: virtualizer.getTotalSize() }}
            onMouseLeave={() => setHovered(undefined)}
          >
            {items.map((item) => {
              const entry = entries[item.index]
              return entry ? (
                <LogRow
                  key={entry.seq}
                  entry={entry}
                  index={item.index}
                  top={item.start - margin}
                  height={item.size}
                  open={entry.seq === openSeq}
                  current={item.index === current}
                  hovered={item.index === hovered}
                  onOpen={open}
                  onHover={setHovered}
                  titles={props.titles}
                  terms={props.terms}
                  zone={props.zone}
                  now={props.now}
                  filters={props.filters}
                  byOrganization={props.byOrganization}
                  onFilter={props.onFilter}
                  onCopy={props.onCopy}
                />
              ) : null
            })}
          </div>
        )}
      </div>
      {!props.loading && (entries.length === 0 ? props.empty : props.foot)}
    </section>
  )
}

/** The filter for a cell; there is none for the time. */
function filterOf(entry: Entry, column: Column): { name: Field; value: string | undefined } | undefined {
  switch (column) {
    case 'user':
      return { name: 'user', value: entry.user.id }
    case 'role':
      return { name: 'role', value: entry.user.role }
    case 'organization':
      return { name: 'organization', value: entry.organization?.id }
    case 'module':
      return { name: 'module', value: entry.module }
    case 'type':
      return { name: 'operation', value: entry.operation }
    case 'content':
      return { name: 'contentId', value: entry.content?.id }
    default:
      return undefined
  }
}

function Head({ zone, now }: { zone: string; now: number }) {
  const messages = useMessages()
  return (
    <div role="rowgroup" className="log-head">
      <div role="row" className="log-head-row" aria-rowindex={1}>
        <div role="columnheader" className="cell-user">
          {messages.user}
        </div>
        <div role="columnheader" className="cell-role">
          {messages.role}
        </div>
        <div role="columnheader" className="cell-organization">
          {messages.organization}
        </div>
        <div role="columnheader" className="cell-module">
          {messages.functionalModule}
        </div>
        <div role="columnheader" className="cell-type">
          {messages.operationType}
        </div>
        <div role="columnheader" className="cell-content">
          {messages.content}
        </div>
        <div role="columnheader" className="cell-time">
          {messages.operationTime}
          <small data-offset={offsetText(now, zone)} title={zone} />
        </div>
      </div>
    </div>
  )
}

function Skeleton({ height, columns }: { height: number; columns: number }) {
  return (
    <div className="log-skeleton" aria-hidden="true">
      {Array.from({ length: 12 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same
        <div key={index} style={{ height }}>
          {Array.from({ length: columns }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the cells are all the same
            <i key={index} />
          ))}
        </div>
      ))}
    </div>
  )
}
