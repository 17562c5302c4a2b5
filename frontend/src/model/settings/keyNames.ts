import { useMemo } from 'react'
import { administers } from '../session/permissions'
import { useSession } from '../session/session'
import { useApiKeys } from './queries'

const none: ReadonlyMap<string, string> = new Map()

/** The names of the tenant's API keys by id; none without permission to see keys, or while they are not needed. */
export function useKeyNames(tenant: string, needed: boolean): ReadonlyMap<string, string> {
  const may = administers(useSession())
  const { data } = useApiKeys(tenant, needed && may)
  return useMemo(() => (may && data ? new Map(data.map(({ id, name }) => [id, name])) : none), [may, data])
}
