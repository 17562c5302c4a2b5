import type { FacetValue, Organization } from '../api/types'
import { withIds } from '../log/names'

export interface OrganizationNode {
  id: string
  name: string
  /** The name, with the id if another organization beside it has the same. */
  label: string
  archived: boolean
  parentId: string | undefined
  level: number
  children: OrganizationNode[]
}

/** The tree of a flat list. Nodes without a listed parent are roots (scoped accounts see a part); archived ones come last. */
export function organizationTree(list: Organization[]): OrganizationNode[] {
  const nodes = new Map<string, OrganizationNode>()
  for (const { id, name, archived, parent_id } of list)
    nodes.set(id, {
      id,
      name,
      label: name,
      archived: archived === true,
      parentId: parent_id || undefined,
      level: 0,
      children: [],
    })
  const roots: OrganizationNode[] = []
  for (const node of nodes.values()) {
    const parent = node.parentId === undefined ? undefined : nodes.get(node.parentId)
    if (parent && parent !== node) parent.children.push(node)
    else roots.push(node)
  }
  const settle = (siblings: OrganizationNode[], level: number) => {
    siblings.sort((a, b) => Number(a.archived) - Number(b.archived)) // stable: the sent order otherwise
    const labels = withIds(siblings.map(({ id, name }) => [id, name]))
    for (const node of siblings) {
      node.level = level
      node.label = labels.get(node.id) ?? node.name
      settle(node.children, level + 1)
    }
  }
  settle(roots, 0)
  return roots
}

/** Each organization's count with all below it, from the counts of their own entries. */
export function countsWithBelow(
  roots: OrganizationNode[],
  own: Pick<FacetValue, 'value' | 'count'>[] | undefined,
): Map<string, number> {
  const ownCount = new Map(own?.map(({ value, count }) => [value, count]))
  const sums = new Map<string, number>()
  const sum = (node: OrganizationNode): number => {
    const total = node.children.reduce((below, child) => below + sum(child), ownCount.get(node.id) ?? 0)
    sums.set(node.id, total)
    return total
  }
  for (const root of roots) sum(root)
  return sums
}

/** The rows to draw: children of expanded nodes only; during a search, every match with its ancestors. */
export function visibleNodes(
  roots: OrganizationNode[],
  isOpen: (node: OrganizationNode) => boolean,
  search: string,
): OrganizationNode[] {
  const wanted = search.trim().toLowerCase()
  const rows: OrganizationNode[] = []
  const found = new Set<OrganizationNode>() // and what leads there
  const look = (node: OrganizationNode): boolean => {
    const below = node.children.map(look).includes(true)
    if (below || isFound(node, wanted)) found.add(node)
    return found.has(node)
  }
  if (wanted) roots.forEach(look)
  const walk = (node: OrganizationNode) => {
    if (wanted && !found.has(node)) return
    rows.push(node)
    if (wanted || isOpen(node)) node.children.forEach(walk)
  }
  roots.forEach(walk)
  return rows
}

/** Whether an organization itself matches a search, and is not only an ancestor of a match. */
export function isFound({ name }: { name: string }, search: string): boolean {
  return name.toLowerCase().includes(search.trim().toLowerCase())
}

/** The position of each row among its siblings, for assistive technology, since not all rows are drawn. */
export function placesAmong(rows: OrganizationNode[]): { position: number; size: number }[] {
  const sizes = new Map<string | undefined, number>()
  const parents = rows.map((node) => (node.level === 0 ? undefined : node.parentId))
  const positions = parents.map((parent) => {
    const position = (sizes.get(parent) ?? 0) + 1
    sizes.set(parent, position)
    return position
  })
  return positions.map((position, index) => ({ position, size: sizes.get(parents[index]) ?? 1 }))
}

/** The organizations above one, nearest first. */
export function ancestors(list: Organization[], id: string): Organization[] {
  const byId = new Map(list.map((one) => [one.id, one]))
  const above: Organization[] = []
  let parent = byId.get(id)?.parent_id
  while (parent && above.length < list.length) {
    const organization = byId.get(parent)
    if (!organization) break
    above.push(organization)
    parent = organization.parent_id
  }
  return above
}
