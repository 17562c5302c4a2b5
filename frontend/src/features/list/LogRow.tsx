import { memo } from 'react'
import { useMessages } from '../../i18n/language'
import { relativeTime } from '../../lib/time/phrases'
import { clockText, dateText, exactTime, offsetText, wallTime } from '../../lib/time/zone'
import { visibleText } from '../../lib/visible'
import type { Entry } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { exclusionOf, type Field, type Filters, type ListFilter } from '../../model/log/filters'
import { Icon } from '../../ui/Icon'
import { Shown } from '../../ui/Shown'
import { FailedMark, TypeTag } from '../../ui/TypeTag'
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
  const { entry, index, open, current, hovered, titles, terms, zone, now } = props
  const instant = Date.parse(entry.time)
  const wall = wallTime(instant, zone)
  const messages = useMessages()
  const role = entry.user.role ?? ''
  const organization = entry.organization?.name ?? entry.organization?.id ?? ''
  const who = visibleText([role, organization].filter(Boolean).join(' · '))
  const content = entry.content?.name ?? ''
  const contentId = entry.content?.id ?? ''
  const funnel = (name: Field, value: string | undefined) =>
    hovered && value ? <Funnel name={name} value={value} filters={props.filters} onFilter={props.onFilter} /> : null

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
      <div role="cell" className="cell cell-user" data-who={who}>
        <span className="two-lines strong" title={visibleText(entry.user.name)}>
          <SearchHighlight text={entry.user.name} terms={terms} field="user" />
        </span>
        {funnel('user', entry.user.id)}
      </div>
      <div role="cell" className="cell cell-role">
        <span className="two-lines" title={visibleText(role)}>
          <Shown text={role} />
        </span>
        {funnel('role', role)}
      </div>
      <div role="cell" className="cell cell-organization">
        <span className="two-lines" title={visibleText(organization)}>
          <Shown text={organization} />
        </span>
        {props.byOrganization && funnel('organization', entry.organization?.id)}
      </div>
      <div role="cell" className="cell cell-module">
        <span className="two-lines" title={visibleText(titles.module(entry.module))}>
          <SearchHighlight text={titles.module(entry.module)} terms={terms} field="module" />
        </span>
        {funnel('module', entry.module)}
      </div>
      <div role="cell" className="cell cell-type">
        <span className="type">
          <TypeTag title={titles.operation(entry.operation)} group={titles.group(entry.operation)} />
          {entry.outcome === 'failure' && <FailedMark />}
        </span>
        {funnel('operation', entry.operation)}
      </div>
      <div role="cell" className="cell cell-content">
        {content && (
          <span className="cut block" title={visibleText(content)}>
            <SearchHighlight text={content} terms={terms} field="content" />
          </span>
        )}
        {contentId && (
          <span className="content-id">
            <span className="cut" title={visibleText(contentId)}>
              <SearchHighlight text={contentId} terms={terms} field="content" />
            </span>
            {hovered && (
              <button
                type="button"
                className="copy-id"
                tabIndex={-1}
                aria-label={messages.copyContentId}
                title={messages.copyContentId}
                onClick={(event) => {
                  event.stopPropagation()
                  props.onCopy(contentId)
                }}
              >
                <Icon name="copy" small />
              </button>
            )}
          </span>
        )}
        {funnel('contentId', contentId)}
      </div>
      <div role="cell" className="cell cell-time">
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
      </div>
    </div>
  )
})

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
  const label = on ? messages.leaveFilter : messages.filterByThis
  return (
    <>
      {!on && (
        <button
          type="button"
          className="funnel funnel-not"
          tabIndex={-1}
          aria-label={messages.excludeValue}
          title={messages.excludeValue}
          onClick={(event) => {
            event.stopPropagation()
            onFilter(exclusionOf(name), value)
          }}
        >
          <Icon name="not" small />
        </button>
      )}
      <button
        type="button"
        className={on ? 'funnel funnel-on' : 'funnel'}
        tabIndex={-1}
        aria-label={label}
        aria-pressed={on}
        title={label}
        onClick={(event) => {
          event.stopPropagation()
          onFilter(name, value)
        }}
      >
        <Icon name="funnel" small />
      </button>
    </>
  )
}
