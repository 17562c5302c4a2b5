import { type KeyboardEvent, useMemo, useRef, useState } from 'react'
import type { FacetValue, Organization } from '../api/types'
import { useWords } from '../i18n/language'
import { Icon } from '../theme/Icon'
import { countsWithBelow, type OrganizationNode, organizationTree, visibleNodes } from './organizations'
import './tree.css'

interface Props {
  organizations: Organization[]
  /** Own entries of each organization, for all filters but the organization. */
  own: FacetValue[] | undefined
  selected: string[]
  onSelect: (id: string) => void
}

/** The organizations of the tenant with their counts; choosing one shows the operations of it and all below. */
export function OrganizationTree({ organizations, own, selected, onSelect }: Props) {
  const words = useWords()
  const list = useRef<HTMLUListElement>(null)
  const [search, setSearch] = useState('')
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const [focused, setFocused] = useState<string>()
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
    (node.level < (organizations.length > 40 ? 1 : 2) || onTheWay.has(node.id)) !== turned.has(node.id)

  const rows = visibleNodes(roots, isOpen, search)
  const tabStop = rows.find((node) => node.id === (focused ?? selected[0]))?.id ?? rows[0]?.id

  function turn(id: string) {
    const next = new Set(turned)
    if (!next.delete(id)) next.add(id)
    setTurned(next)
  }

  function focus(node: OrganizationNode | undefined) {
    if (!node) return
    setFocused(node.id)
    const index = rows.indexOf(node)
    list.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[index]?.focus()
  }

  function keyDown(event: KeyboardEvent, node: OrganizationNode, index: number) {
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

  return (
    <>
      <div className="field tree-search">
        <Icon name="search" />
        <input
          type="text"
          aria-label={words.findOrganization}
          placeholder={words.findOrganization}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') setSearch('')
            if (event.key === 'ArrowDown') focus(rows[0])
          }}
        />
      </div>
      <ul ref={list} role="tree" aria-label={words.organizations}>
        {rows.map((node, index) => {
          const count = counts.get(node.id) ?? 0
          const chosen = selected.includes(node.id)
          return (
            <li
              key={node.id}
              role="treeitem"
              aria-level={node.level + 1}
              aria-expanded={node.children.length ? search !== '' || isOpen(node) : undefined}
              aria-selected={chosen}
              className={[chosen && 'chosen', own && count === 0 && 'zero'].filter(Boolean).join(' ')}
              style={{ paddingLeft: 4 + node.level * 16 }}
              tabIndex={node.id === tabStop ? 0 : -1}
              onClick={() => {
                setFocused(node.id)
                onSelect(node.id)
              }}
              onKeyDown={(event) => keyDown(event, node, index)}
            >
              <span
                className="twist"
                onClick={(event) => {
                  event.stopPropagation()
                  if (node.children.length) turn(node.id)
                }}
              >
                {node.children.length > 0 && <Icon name={search !== '' || isOpen(node) ? 'down' : 'right'} />}
              </span>
              <span className="name cut" title={node.name}>
                {node.name}
              </span>
              {node.archived && <em>{words.archived}</em>}
              {own && <span className="count">{words.number(count)}</span>}
            </li>
          )
        })}
        {rows.length === 0 && <li className="zero">{words.nothingFound}</li>}
      </ul>
    </>
  )
}
