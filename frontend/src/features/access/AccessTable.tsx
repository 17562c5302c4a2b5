import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { userAgentName } from '../../lib/userAgent'
import { visibleText } from '../../lib/visible'
import type { Entry } from '../../model/api/types'
import { focusRow } from '../../ui/focusRow'
import { useScrollRegion } from '../../ui/hooks/scrollRegion'
import { useViewportWidth } from '../../ui/hooks/useViewportWidth'
import { Icon } from '../../ui/Icon'
import { Shown, shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'
import { FailedMark } from '../../ui/TypeTag'
import { type ActionContext, actionDetails, describeAction } from './actions'
import '../../ui/list.css'
import '../../ui/tag.css'

interface Props {
  entries: Entry[]
  context: ActionContext
  hasMore: boolean
  onMore: () => void
  onOpen: (entry: Entry) => void
}

/** The access log as a table, of which only the rows in view are drawn. */
export function AccessTable(props: Props) {
  const { entries, context } = props
  const { messages } = context
  const list = useRef<HTMLDivElement>(null)
  const { items, height, measure, current, press, keyDown } = useRowsInView(list, props)
  const folded = useViewportWidth() < 768
  const heads = [
    messages.access.user,
    messages.access.action,
    messages.access.about,
    messages.access.from,
    messages.access.time,
  ]
  return (
    <div
      className={folded ? 'list list-folded access' : 'list access'}
      role="table"
      aria-label={messages.access.title}
      aria-rowcount={entries.length + 1}
    >
      <div role="row" className="list-head">
        {heads.map((head) => (
          <span key={head} role="columnheader">
            {head}
          </span>
        ))}
      </div>
      <div ref={list} role="rowgroup" className="access-rows" style={{ height }}>
        {items.map(({ index, top }) => {
          const entry = entries[index]
          return (
            entry && (
              <div
                key={entry.seq}
                ref={measure}
                data-index={index}
                role="row"
                aria-rowindex={index + 2}
                tabIndex={index === current ? 0 : -1}
                style={{ transform: `translateY(${top}px)` }}
                onClick={() => press(entry, index)}
                onKeyDown={(event) => keyDown(event, index)}
              >
                <Cells entry={entry} context={context} heads={heads} />
              </div>
            )
          )
        })}
      </div>
    </div>
  )
}

/** The rows in view with their positions, and the one that the keys act on. */
function useRowsInView(list: RefObject<HTMLDivElement | null>, { entries, hasMore, onMore, onOpen }: Props) {
  const region = useScrollRegion()
  const [above, setAbove] = useState(0)
  const [current, setCurrent] = useState(0)
  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => region,
    estimateSize: () => 46,
    overscan: 10,
    scrollMargin: above,
  })
  const rows = virtualizer.getVirtualItems()
  const last = rows.at(-1)?.index ?? -1
  useLayoutEffect(() => setAbove(list.current?.offsetTop ?? 0), [list])
  useEffect(() => {
    if (hasMore && last >= entries.length - 20) onMore()
  }, [hasMore, last, entries.length, onMore])

  function focus(index: number) {
    const next = Math.min(entries.length - 1, Math.max(0, index))
    setCurrent(next)
    virtualizer.scrollToIndex(next, { align: 'auto' })
    focusRow(list.current, next)
  }

  function press(entry: Entry, index: number) {
    if (window.getSelection()?.type === 'Range') return // the reader was marking text
    setCurrent(index)
    onOpen(entry)
  }

  function keyDown(event: KeyboardEvent, index: number) {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key]
    const entry = entries[index]
    if (step) focus(index + step)
    else if (event.key === 'Home') focus(0)
    else if (event.key === 'End') focus(entries.length - 1)
    else if (event.key === 'Enter' && entry) onOpen(entry)
    else return
    event.preventDefault()
  }

  return {
    items: rows.map(({ index, start }) => ({ index, top: start - above })),
    height: virtualizer.getTotalSize(),
    measure: virtualizer.measureElement,
    current,
    press,
    keyDown,
  }
}

function Cells({ entry, context, heads }: { entry: Entry; context: ActionContext; heads: string[] }) {
  const { messages, common, zone } = context
  const { title, group, icon } = describeAction(entry, messages)
  const facts = actionDetails(entry, context)
  const roles: Record<string, string> = common.roles
  return (
    <>
      <div role="cell" data-label={heads[0]}>
        <span className="stack">
          <span className="cut" title={visibleText(entry.user.id)}>
            <Shown text={entry.user.name} />
          </span>
          {entry.user.role && <small>{shown(roles[entry.user.role] ?? entry.user.role)}</small>}
        </span>
      </div>
      <div role="cell" data-label={heads[1]}>
        <span className="type">
          <span className={`tag tag-${group}`}>
            <Icon name={icon} small />
            <span className="cut">{shown(title)}</span>
          </span>
          {entry.outcome === 'failure' && <FailedMark />}
        </span>
      </div>
      <div role="cell" data-label={heads[2]}>
        {facts.length > 0 && <span className="access-facts">{shown(facts.join(messages.access.join))}</span>}
      </div>
      <div role="cell" data-label={heads[3]}>
        {entry.ip && (
          <span className="stack">
            <span>{entry.ip}</span>
            {entry.user_agent && (
              <small className="cut" title={visibleText(entry.user_agent)}>
                {shown(userAgentName(entry.user_agent))}
              </small>
            )}
          </span>
        )}
      </div>
      <div role="cell" data-label={heads[4]}>
        <Timestamp time={entry.time} zone={zone} />
      </div>
    </>
  )
}
