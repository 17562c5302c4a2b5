import { type Ref, useImperativeHandle, useMemo, useRef, useState } from 'react'
import { useMessages } from '../../i18n/language'
import type { FacetValue, Organization } from '../api/types'
import { countsWithBelow, organizationTree, placesAmong, visibleNodes } from './organizations'
import { TreeItem } from './TreeItem'
import { TreeSearch } from './TreeSearch'
import { treeKeys } from './treeKeys'
import { useOpenNodes } from './useOpenNodes'
import { useTreeRows } from './useTreeRows'
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
  const roots = useMemo(() => organizationTree(organizations), [organizations])
  const counts = useMemo(() => countsWithBelow(roots, own), [roots, own])
  const nodes = useOpenNodes(organizations, selected, whole)
  const rows = visibleNodes(roots, nodes.isOpen, search)
  const places = placesAmong(rows)
  const { items, after, tabStop, setFocused, focus, focusTabStop } = useTreeRows(list, rows, selected[0], whole)
  const keyDown = treeKeys({ rows, tabStop, search, ...nodes, focus, onSelect })
  useImperativeHandle(ref, () => ({
    focus: () => focusTabStop(),
    focusSearch: () => focusEnd(searchField.current),
  }))
  function searchFor(text: string) {
    setSearch(text)
    onFind?.(text)
  }

  return (
    <>
      <TreeSearch
        input={searchField}
        text={search}
        rows={rows}
        onText={searchFor}
        onFocus={focus}
        onSelect={onSelect}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a tree is drawn as a list */}
      <ul ref={list} role="tree" aria-label={messages.organizations} onKeyDown={keyDown}>
        {items.map(({ node, index, gap }) => (
          <TreeItem
            key={node.id}
            node={node}
            index={index}
            place={places[index]}
            gap={gap}
            count={own && (counts.get(node.id) ?? 0)}
            chosen={selected.includes(node.id)}
            open={search !== '' || nodes.isOpen(node)}
            isTabStop={index === tabStop}
            onChoose={() => {
              setFocused(node.id)
              onSelect(node.id)
            }}
            onTurn={() => nodes.turn(node.id)}
          />
        ))}
        {after > 0 && <li role="none" className="tree-rest" style={{ height: after, minHeight: 0 }} />}
        {rows.length === 0 && (
          <Nothing text={organizations.length ? messages.nothingFound : messages.noOrganizations} />
        )}
      </ul>
    </>
  )
}

function Nothing({ text }: { text: string }) {
  return (
    <li role="none" className="zero tree-nothing">
      {text}
    </li>
  )
}

function focusEnd(input: HTMLInputElement | null) {
  input?.focus()
  input?.setSelectionRange(input.value.length, input.value.length)
}
