import { readStored, writeStored } from '../lib/storage'
import { pageSize, prefetch, sessionPath } from '../model/api/prefetch'
import type { Session } from '../model/api/types'
import { hasPeriod, readFilters, writeFilters } from '../model/log/filters'

// What the first page will ask for is asked for before the console is there to ask: while its code is still being
// read, the server answers.

const readerKey = 'oplog.reader'

/** Who was last seen signed in here: the tenants of theirs that have a tree; `undefined` for who reads no log. */
type Reader = { trees: string[] } | undefined

/** Notes who is signed in: nothing of a log is asked for on behalf of those who read none. */
export function noteReader(session: Session | null) {
  const reads = session !== null && session.role !== 'member'
  const trees = session?.tenants.filter((tenant) => tenant.data_permission).map(({ id }) => id)
  writeStored(readerKey, reads ? JSON.stringify({ trees }) : '')
}

function noted(): Reader {
  try {
    const value: unknown = JSON.parse(readStored(readerKey) || 'null')
    if (typeof value !== 'object' || value === null || !('trees' in value)) return undefined
    return Array.isArray(value.trees) ? { trees: value.trees } : undefined
  } catch {
    return undefined // another console's note
  }
}

/** The requests that the page at an address begins with. */
export function firstRequests(pathname: string, search: string, reader: Reader): string[] {
  const tenant = /^\/t\/([^/]+)\/log(\/[^/]+)?$/.exec(pathname)?.[1]
  const filters = readFilters(new URLSearchParams(search))
  if (!reader || !tenant || !hasPeriod(filters)) return [sessionPath]
  const query = writeFilters(filters)
  const page = new URLSearchParams(query)
  page.set('limit', pageSize)
  const root = `/api/v1/tenants/${tenant}`
  const tree = reader.trees.some((id) => encodeURIComponent(id) === tenant) ? [`${root}/organizations`] : []
  return [sessionPath, `${root}/entries?${page}`, `${root}/summary?${query}`, `${root}/catalog`, ...tree]
}

export function beginReading({ pathname, search }: Location) {
  for (const path of firstRequests(pathname, search, noted())) prefetch(path)
}
