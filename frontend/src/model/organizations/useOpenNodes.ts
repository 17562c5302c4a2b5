import { useMemo, useState } from 'react'
import type { Organization } from '../api/types'
import type { OrganizationNode } from './organizations'

/** Which organizations are open: two levels at first, and whatever leads to the selection; a turn by hand counts more. */
export function useOpenNodes(organizations: Organization[], selected: string[], whole: boolean | undefined) {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const onTheWay = useMemo(() => {
    const parents = new Map(organizations.map((one) => [one.id, one.parent_id]))
    const way = new Set<string>()
    for (const id of selected) for (let up = parents.get(id); up && !way.has(up); up = parents.get(up)) way.add(up)
    return way
  }, [organizations, selected])
  return {
    isOpen: (node: OrganizationNode) =>
      whole || (node.level < (organizations.length > 40 ? 1 : 2) || onTheWay.has(node.id)) !== turned.has(node.id),
    turn: (id: string) => {
      const next = new Set(turned)
      if (!next.delete(id)) next.add(id)
      setTurned(next)
    },
  }
}
