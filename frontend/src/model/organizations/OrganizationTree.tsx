import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useMessages } from '../../i18n/language'
import { visibleText } from '../../lib/visible'
import { Icon } from '../../ui/Icon'
import { Shown } from '../../ui/Shown'
import type { FacetValue, Organization } from '../api/types'
import {
  countsWithBelow,
  isFound,
  type OrganizationNode,
  organizationTree,
  placesAmong,
  visibleNodes,
} from './organizations'
import './tree.css'

export interface TreeHandle {
  /** Focuses the row that the Tab key reaches. */
  focus: () => void
  /** Focuses the search, at the end of its text. */
  focusSearch: () => void
}

interface Props {
  ref?: Ref<TreeHandle>
  organizations: Organization[]
  /** Own entries of each organization, for all filters but the organization. */
  own: FacetValue[] | undefined
  selected: string[]
  onSelect: (id: string) => void
  /** The initial search; onFind is called for every other. */
  find?: string
  onFind?: (find: string) => void
  /** Draws every row, expanded: a printed tree can be neither scrolled nor unfolded. */
  whole?: boolean
}

/** The organizations of the tenant with their counts; choosing one shows the operations of it and all below. */
export function OrganizationTree(props: Props) {
  const { ref, organizations, own, selected, onSelect, find = '', onFind, whole } = props
  const messages = useMessages()
  const list = useRef<HTMLUListElement>(null)
  const searchField = useRef<HTMLInputElement>(null)
  const [search, setSearch] = useState(find)
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const [focused, setFocused] = useState<string>()
  const moved = useRef(false)
  const roots = useMemo(() => organizationTree(organizations), [organizations])
  const counts = useMemo(() => countsWithBelow(roots, own), [roots, own])

  // Two levels are open at first, and whatever leads to the selection; a turn by hand counts more.
  const onTheWay = useMemo(() => {
    const parents = new Map(organizations.map((one) => [one.id, one.parent_id]))
    const way = new Set<string>()
    for (const id of selected) for (let up = parents.get(id); up && !way.has(up); up = parents.get(up)) way.add(up)
    return way
  }, [organizations, selected])
  const isOpen = (node: OrganizationNode) =>
    whole || (node.level < (organizations.length > 40 ? 1 : 2) || onTheWay.has(node.id)) !== turned.has(node.id)

  const rows = visibleNodes(roots, isOpen, search)
  const places = placesAmong(rows)
  const tabStop = Math.max(
    0,
    rows.findIndex((node) => node.id === (focused ?? selected[0])),
  )

  // Only the rows in view are drawn, and the one that the Tab key leads to. On a phone they are higher.
  const [height, setHeight] = useState(32)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => list.current,
    estimateSize: () => height,
    overscan: 12,
    rangeExtractor: (range) => {
      const drawn = defaultRangeExtractor(range)
      return drawn.includes(tabStop) ? drawn : [...drawn, tabStop].sort((a, b) => a - b)
    },
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height is what changed
  useEffect(() => {
    virtualizer.measure()
  }, [height, virtualizer])
  useLayoutEffect(() => {
    const drawn = list.current?.querySelector<HTMLElement>('[role=treeitem]')?.offsetHeight
    if (drawn) setHeight(drawn)
  }, [])
  // Scrolls to the chosen organization at first.
  const first = useRef(true)
  useEffect(() => {
    if (first.current && tabStop > 0) virtualizer.scrollToIndex(tabStop, { align: 'center' })
    first.current = false
  }, [tabStop, virtualizer])

  function turn(id: string) {
    const next = new Set(turned)
    if (!next.delete(id)) next.add(id)
    setTurned(next)
  }

  function focus(node: OrganizationNode | undefined) {
    if (!node) return
    setFocused(node.id)
    virtualizer.scrollToIndex(rows.indexOf(node), { align: 'auto' })
    if (rows.indexOf(node) === tabStop) focusTabStop({ preventScroll: true })
    else moved.current = true
  }

  function focusTabStop(options?: FocusOptions) {
    list.current?.querySelector<HTMLElement>('[role=treeitem][tabindex="0"]')?.focus(options)
  }
  useImperativeHandle(ref, () => ({
    focus: () => focusTabStop(),
    focusSearch: () => {
      const input = searchField.current
      input?.focus()
      input?.setSelectionRange(input.value.length, input.value.length)
    },
  }))
  // The row that the focus goes to may not be drawn before this.
  useLayoutEffect(() => {
    if (moved.current) focusTabStop({ preventScroll: true })
    moved.current = false
  })

  function searchFor(text: string) {
    setSearch(text)
    onFind?.(text)
  }

  /** Enter chooses the only one that is found, and leads to the first of several; it never sends the form around it. */
  function searchKey(event: KeyboardEvent) {
    if (event.key === 'Escape' && search !== '') searchFor('')
    else if (event.key === 'ArrowDown') focus(rows[0])
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      const found = search.trim() ? rows.filter((node) => isFound(node, search)) : []
      if (found.length === 1 && found[0]) onSelect(found[0].id)
      else focus(found[0])
    } else return
    event.preventDefault()
  }

  /** Keys act on the row that was last moved to, wherever the focus has got. */
  function keyDown(event: KeyboardEvent) {
    const index = tabStop
    const node = rows[index]
    if (!node) return
    const expandable = node.children.length > 0 && search === ''
    if (event.key === 'ArrowDown') focus(rows[index + 1])
    else if (event.key === 'ArrowUp') focus(rows[index - 1])
    else if (event.key === 'Home') focus(rows[0])
    else if (event.key === 'End') focus(rows.at(-1))
    else if (event.key === 'ArrowRight') {
      if (expandable && !isOpen(node)) turn(node.id)
      else if (expandable) focus(rows[index + 1])
    } else if (event.key === 'ArrowLeft') {
      if (expandable && isOpen(node)) turn(node.id)
      else focus(rows.find((one) => one.id === node.parentId))
    } else if (event.key === 'Enter' || event.key === ' ') onSelect(node.id)
    else return
    event.preventDefault()
  }

  const items = whole ? rows.map((_, index) => ({ index, start: 0, end: 0 })) : virtualizer.getVirtualItems()
  const after = whole ? 0 : virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0)

  return (
    <>
      <div className="field tree-search">
        <Icon name="search" />
        <input
          ref={searchField}
          type="text"
          aria-label={messages.findOrganization}
          placeholder={messages.findOrganization}
          value={search}
          onChange={(event) => searchFor(event.target.value)}
          onKeyDown={searchKey}
        />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a tree is drawn as a list */}
      <ul ref={list} role="tree" aria-label={messages.organizations} onKeyDown={keyDown}>
        {items.map((item, drawn) => {
          const { index } = item
          const node = rows[index]
          if (!node) return null
          const gap = item.start - (items[drawn - 1]?.end ?? 0)
          const count = counts.get(node.id) ?? 0
          const chosen = selected.includes(node.id)
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys of all its items
            <li
              key={node.id}
              role="treeitem"
              aria-level={node.level + 1}
              aria-expanded={node.children.length ? search !== '' || isOpen(node) : undefined}
              aria-selected={chosen}
              aria-posinset={places[index]?.position}
              aria-setsize={places[index]?.size}
              data-index={index}
              className={[chosen && 'chosen', own && count === 0 && 'zero'].filter(Boolean).join(' ')}
              style={{ paddingLeft: `min(${4 + node.level * 16}px, 40%)`, marginTop: gap }}
              tabIndex={index === tabStop ? 0 : -1}
              onClick={() => {
                setFocused(node.id)
                onSelect(node.id)
              }}
            >
              {/* biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; the keys are the arrows */}
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
              <span
                className="twist"
                onClick={(event) => {
                  event.stopPropagation()
                  if (node.children.length) turn(node.id)
                }}
              >
                {node.children.length > 0 && <Icon name={search !== '' || isOpen(node) ? 'down' : 'right'} />}
              </span>
              <span className="name cut" title={visibleText(node.label)}>
                <Shown text={node.label} />
              </span>
              {node.archived && <em>{messages.archived}</em>}
              {own && <span className="count">{messages.number(count)}</span>}
            </li>
          )
        })}
        {after > 0 && <li role="none" className="tree-rest" style={{ height: after, minHeight: 0 }} />}
        {rows.length === 0 && (
          <li role="none" className="zero tree-nothing">
            {organizations.length === 0 ? messages.noOrganizations : messages.nothingFound}
          </li>
        )}
      </ul>
    </>
  )
}
