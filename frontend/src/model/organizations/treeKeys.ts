import type { KeyboardEvent } from 'react'
import type { OrganizationNode } from './organizations'

interface Tree {
  rows: OrganizationNode[]
  /** The row that the keys act on. */
  tabStop: number
  search: string
  isOpen: (node: OrganizationNode) => boolean
  turn: (id: string) => void
  focus: (node: OrganizationNode | undefined) => void
  onSelect: (id: string) => void
}

/** The keys of the tree. They act on the row that was last moved to, wherever the focus has got. */
export function treeKeys({ rows, tabStop, search, isOpen, turn, focus, onSelect }: Tree) {
  return (event: KeyboardEvent) => {
    const node = rows[tabStop]
    if (!node) return
    const expandable = node.children.length > 0 && search === ''
    if (event.key === 'ArrowDown') focus(rows[tabStop + 1])
    else if (event.key === 'ArrowUp') focus(rows[tabStop - 1])
    else if (event.key === 'Home') focus(rows[0])
    else if (event.key === 'End') focus(rows.at(-1))
    else if (event.key === 'ArrowRight') {
      if (expandable && !isOpen(node)) turn(node.id)
      else if (expandable) focus(rows[tabStop + 1])
    } else if (event.key === 'ArrowLeft') {
      if (expandable && isOpen(node)) turn(node.id)
      else focus(rows.find((one) => one.id === node.parentId))
    } else if (event.key === 'Enter' || event.key === ' ') onSelect(node.id)
    else return
    event.preventDefault()
  }
}
