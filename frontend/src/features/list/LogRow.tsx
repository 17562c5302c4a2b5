import { memo, type ReactNode } from 'react'
import type { Dictionary } from '../../i18n/en'
import { useMessages } from '../../i18n/language'
import { relativeTime } from '../../lib/time/phrases'
import { clockText, dateText, exactTime, offsetText, wallTime } from '../../lib/time/zone'
import { visibleText } from '../../lib/visible'
import type { Entry } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { exclusionOf, type Field, type Filters, type ListFilter } from '../../model/log/filters'
import { type Column, columns } from '../../model/log/preferences'
import type { IconName } from '../../ui/Icon'
import { IconButton } from '../../ui/IconButton'
import { Shown } from '../../ui/Shown'
import { FailedMark, TypeTag } from '../../ui/TypeTag'
import { cellFilter } from './cellFilter'
import { SearchHighlight, type Terms } from './SearchHighlight'
import './cell.css'

export interface RowContext {
  titles: Titles
  terms: Terms
  zone: string
  now: number
  filters: Filters
  /** Whether one may filter by organization: only where there is a tree of them. */
  byOrganization: boolean
  onFilter: (name: ListFilter, value: string) => void
  onCopy: (text: string) => void
}

interface Props extends RowContext {
  entry: Entry
  index: number
  top: number
  height: number
  open: boolean
  current: boolean
  hovered: boolean
  onOpen: (entry: Entry, index: number) => void
  onHover: (index: number) => void
}

/** One operation: seven cells, in one order, at every width. Folding them is left to CSS. */
export const LogRow = memo(function LogRow(props: Props) {
  const { entry, index, open, current, hovered } = props
  const messages = useMessages()
  const who = [entry.user.role, organizationOf(entry)].filter(Boolean).join(' · ')
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the table has the keys of all its rows
    <div
      role="row"
      className={`log-row${open ? ' log-row-open' : ''}${hovered ? ' log-row-hovered' : ''}`}
      style={{ transform: `translateY(${props.top}px)`, height: props.height }}
      aria-rowindex={index + 2}
      aria-current={open ? 'true' : undefined}
      tabIndex={current ? 0 : -1}
      data-index={index}
      onClick={() => props.onOpen(entry, index)}
      onMouseEnter={() => props.onHover(index)}
    >
      {columns.map((column) => {
        const filter = hovered && cellFilter(entry, column, props.byOrganization)
        return (
          <div
            key={column}
            role="cell"
            className={`cell cell-${column}`}
            data-who={column === 'user' ? visibleText(who) : undefined}
          >
            {cellContent(column, props, messages)}
            {filter && <Funnel {...filter} filters={props.filters} onFilter={props.onFilter} />}
          </div>
        )
      })}
    </div>
  )
})

// What follows are functions, not components: there are hundreds of cells.

function cellContent(column: Column, props: Props, messages: Dictionary): ReactNode {
  const { entry, titles, terms } = props
  const { user } = entry
  if (entry.damaged && column !== 'time') return column === 'content' && <FailedMark text={messages.damaged} />
  switch (column) {
    case 'user':
      return twoLines(user.name, <SearchHighlight text={user.name} terms={terms} field="user" />, ' strong')
    case 'role':
      return twoLines(user.role ?? '')
    case 'organization':
      return twoLines(organizationOf(entry))
    case 'module': {
      const title = titles.module(entry.module)
      return twoLines(title, <SearchHighlight text={title} terms={terms} field="module" />)
    }
    case 'type':
      return (
        <span className="type">
          <TypeTag title={titles.operation(entry.operation)} group={titles.group(entry.operation)} />
          {entry.outcome === 'failure' && <FailedMark />}
        </span>
      )
    case 'content':
      return contentCell(props, messages)
    case 'time':
      return timeCell(props, messages)
  }
}

function organizationOf({ organization }: Entry): string {
  return organization?.name ?? organization?.id ?? ''
}

function twoLines(text: string, drawn: ReactNode = <Shown text={text} />, more = ''): ReactNode {
  return (
    <span className={`two-lines${more}`} title={visibleText(text)}>
      {drawn}
    </span>
  )
}

/** The name and the ID of the content, which can be copied. */
function contentCell({ entry, terms, hovered, onCopy }: Props, messages: Dictionary): ReactNode {
  const { name, id } = entry.content ?? {}
  return (
    <>
      {name && (
        <span className="cut block" title={visibleText(name)}>
          <SearchHighlight text={name} terms={terms} field="content" />
        </span>
      )}
      {id && (
        <span className="content-id">
          <span className="cut" title={visibleText(id)}>
            <SearchHighlight text={id} terms={terms} field="content" />
          </span>
          {hovered && (
            <CellButton className="copy-id" label={messages.copyContentId} icon="copy" onPress={() => onCopy(id)} />
          )}
        </span>
      )}
    </>
  )
}

function timeCell({ entry, zone, now }: Props, messages: Dictionary): ReactNode {
  const instant = Date.parse(entry.time)
  const wall = wallTime(instant, zone)
  return (
    <>
      <time
        dateTime={entry.time}
        title={messages.timeHint(
          exactTime(entry.time, 'UTC'),
          offsetText(instant, zone),
          exactTime(entry.received_at, zone),
        )}
      >
        <span className="day">{dateText(wall)} </span>
        <span>{clockText(wall)}</span>
      </time>
      <span className="relative">{relativeTime(instant, zone, messages, now)}</span>
    </>
  )
}

interface CellButtonProps {
  className: string
  label: string
  icon: IconName
  pressed?: boolean
  onPress: () => void
}

/** A button of the cell under the pointer; pressing it does not open the entry. */
function CellButton({ className, label, icon, pressed, onPress }: CellButtonProps) {
  return (
    <IconButton
      small
      className={className}
      label={label}
      icon={icon}
      tabIndex={-1}
      aria-pressed={pressed}
      onClick={(event) => {
        event.stopPropagation()
        onPress()
      }}
    />
  )
}

interface FunnelProps {
  name: Field
  value: string
  filters: Filters
  onFilter: (name: ListFilter, value: string) => void
}

/**
 * Filters by the value of the cell under the pointer, or excludes it; on a value that is filtered by, leaves that filter.
 */
function Funnel({ name, value, filters, onFilter }: FunnelProps) {
  const messages = useMessages()
  const on = filters[name].includes(value)
  return (
    <>
      {!on && (
        <CellButton
          className="funnel funnel-not"
          label={messages.excludeValue}
          icon="not"
          onPress={() => onFilter(exclusionOf(name), value)}
        />
      )}
      <CellButton
        className={on ? 'funnel funnel-on' : 'funnel'}
        label={on ? messages.leaveFilter : messages.filterByThis}
        icon="funnel"
        pressed={on}
        onPress={() => onFilter(name, value)}
      />
    </>
  )
}
