import { type CSSProperties, type ReactNode, type Ref, useCallback, useImperativeHandle, useRef, useState } from 'react'
import { useMessages } from '../../i18n/language'
import { offsetText } from '../../lib/time/zone'
import type { Entry } from '../../model/api/types'
import type { Field } from '../../model/log/filters'
import { columnTitles } from '../../model/log/filterTexts'
import { type Layout, rowHeight } from '../../model/log/layout'
import { columns, gridColumns, type Preferences } from '../../model/log/preferences'
import { ColumnTools } from './ColumnTools'
import { LogRow, type RowContext } from './LogRow'
import { useCurrentRow } from './useCurrentRow'
import { useRowKeys } from './useRowKeys'
import { type RowsInView, useRowsInView } from './useRowsInView'
import './head.css'
import './table.css'
import './layouts.css'

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

/**
 * The log as a table of seven columns. Only the rows in view are drawn; the roles say what the elements are,
 * because rows that are moved by CSS cannot be a real table's.
 */
export function LogTable({ ref, ...props }: Props) {
  const { entries, layout, preferences, dimmed, loading, hasMore, onMore } = props
  const messages = useMessages()
  const scroller = useRef<HTMLDivElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const height = rowHeight(layout, preferences.density)
  const hidden = layout === 'wide' ? preferences.hidden : []
  const virtualizer = useRowsInView(scroller, { count: entries.length, height, layout, hasMore, onMore })
  const { current, setCurrent, focusRow, focusing } = useCurrentRow({ scroller, body, virtualizer, height }, props)
  const pageRows = () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1)
  const keyDown = useRowKeys(props, { current, hidden, pageRows, focusRow })
  useImperativeHandle(
    ref,
    () => ({
      toTop: () => scroller.current?.scrollTo({ top: 0 }),
      focusCurrent: () => body.current?.querySelector<HTMLElement>('[tabindex="0"][role=row]')?.focus(),
    }),
    [],
  )
  return (
    <section
      ref={scroller}
      className={[
        `log-scroll log-${layout} log-${preferences.density}`,
        ...hidden.map((column) => `without-${column}`),
        dimmed && 'log-dimmed',
        !loading && entries.length === 0 && 'log-none',
      ]
        .filter(Boolean)
        .join(' ')}
      style={{ '--columns': gridColumns({ hidden, widths: preferences.widths }) } as CSSProperties}
      aria-label={messages.operationsRegion}
    >
      {layout === 'wide' && <ColumnTools {...props} />}
      <div
        className="log-table"
        role="table"
        aria-label={messages.operationLog}
        aria-rowcount={props.total === undefined ? -1 : props.total + 1}
        aria-busy={dimmed || loading}
        onKeyDown={keyDown}
        {...focusing}
      >
        <Head zone={props.zone} now={props.now} />
        {loading ? (
          <Skeleton height={height} columns={columns.length - hidden.length} />
        ) : (
          <Rows {...props} body={body} virtualizer={virtualizer} current={current} onCurrent={setCurrent} />
        )}
      </div>
      {!loading && (entries.length === 0 ? props.empty : props.foot)}
    </section>
  )
}

interface RowsProps extends Omit<Props, 'ref'> {
  body: Ref<HTMLDivElement>
  virtualizer: RowsInView
  current: number
  onCurrent: (index: number) => void
}

/** The rows in view. */
function Rows(props: RowsProps) {
  const { body, virtualizer, entries, openSeq, current, onCurrent, onOpen } = props
  const { titles, terms, zone, now, filters, byOrganization, onFilter, onCopy } = props
  const context: RowContext = { titles, terms, zone, now, filters, byOrganization, onFilter, onCopy }
  const [hovered, setHovered] = useState<number>()
  const open = useCallback(
    (entry: Entry, index: number) => {
      if (window.getSelection()?.type === 'Range') return // the reader was marking text
      onCurrent(index)
      onOpen(entry)
    },
    [onCurrent, onOpen],
  )
  return (
    <div
      role="rowgroup"
      ref={body}
      className="log-body"
      style={{ height: virtualizer.getTotalSize() }}
      onMouseLeave={() => setHovered(undefined)}
    >
      {virtualizer.getVirtualItems().map((item) => {
        const entry = entries[item.index]
        return entry ? (
          <LogRow
            key={entry.seq}
            entry={entry}
            index={item.index}
            top={item.start - virtualizer.options.scrollMargin}
            height={item.size}
            open={entry.seq === openSeq}
            current={item.index === current}
            hovered={item.index === hovered}
            onOpen={open}
            onHover={setHovered}
            {...context}
          />
        ) : null
      })}
    </div>
  )
}

function Head({ zone, now }: { zone: string; now: number }) {
  const titles = columnTitles(useMessages())
  return (
    <div role="rowgroup" className="log-head">
      <div role="row" className="log-head-row" aria-rowindex={1}>
        {columns.map((column) => (
          <div key={column} role="columnheader" className={`cell-${column}`}>
            {titles[column]}
            {column === 'time' && <small data-offset={offsetText(now, zone)} title={zone} />}
          </div>
        ))}
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
