import type { Organization } from '../../model/api/types'

/** A change of the tree, applied to its current state on save. */
export type OrganizationEdit = (list: Organization[]) => Organization[]

export function added(id: string, name: string, parent: string): OrganizationEdit {
  return (list) => [...list.filter((one) => one.id !== id), { id, name, parent_id: parent || null }]
}

export function renamed(id: string, name: string): OrganizationEdit {
  return (list) => list.map((one) => (one.id === id ? { ...one, name } : one))
}

export function moved(id: string, parent: string): OrganizationEdit {
  return (list) => list.map((one) => (one.id === id ? { ...one, parent_id: parent || null } : one))
}

/** Archives it and everything below it. */
export function archived(id: string): OrganizationEdit {
  return (list) => {
    const gone = withBelow(list, id)
    return list.map((one) => (gone.has(one.id) ? { ...one, archived: true } : one))
  }
}

/** Restores it to today's tree, together with its ancestors. */
export function restored(id: string): OrganizationEdit {
  return (list) => {
    const back = new Set<string>()
    const byId = new Map(list.map((one) => [one.id, one]))
    for (let up = byId.get(id); up && !back.has(up.id); up = byId.get(up.parent_id ?? '')) back.add(up.id)
    return list.map((one) => (back.has(one.id) ? { ...one, archived: false } : one))
  }
}

/** The ids of an organization and of all below it. */
export function withBelow(list: Organization[], id: string): Set<string> {
  const ids = new Set([id])
  for (let size = 0; size !== ids.size; ) {
    size = ids.size
    for (const one of list) if (one.parent_id && ids.has(one.parent_id)) ids.add(one.id)
  }
  return ids
}

/** The part of a tree that is sent: today's. The server archives the rest if it has entries. */
export function sentTree(list: Organization[]): Organization[] {
  return list.filter((one) => !one.archived).map(({ id, name, parent_id }) => ({ id, name, parent_id }))
}
