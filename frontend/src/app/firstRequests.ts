import { pathWithin } from '../lib/basePath'
import { readStored, writeStored } from '../lib/storage'
import { pageSize, prefetch, sessionPath } from '../model/api/prefetch'
import type { Session } from '../model/api/types'
import { hasPeriod, readFilters, writeFilters } from '../model/log/filters'

// Sends the requests of the first page before the console has loaded, so that the server responds while its code is
// still being read.

const readerKey = 'oplog.reader'

/** The last account signed in here: which of its tenants have a tree; `undefined` if it cannot read a log. */
type Reader = { trees: string[] } | undefined

/** Remembers the account, so that nothing is prefetched for accounts that cannot read a log. */
export function noteReader(session: Session | null) {
  const reads = session !== null && session.role !== 'member' && !session.second_factor
  const trees = session?.tenants.filter((tenant) => tenant.data_permission).map(({ id }) => id)
  writeStored(readerKey, reads ? JSON.stringify({ trees }) : '')
}

function noted(): Reader {
  try {
    const value: unknown = JSON.parse(readStored(readerKey) || 'null')
    if (typeof value !== 'object' || value === null || !('trees' in value)) return undefined
    return Array.isArray(value.trees) ? { trees: value.trees } : undefined
  } catch {
    return undefined // written by another version of the console
  }
}

/** The first requests of the page at a URL. */
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

/** Asks for what the first page needs; false where that will be the page to sign in. */
export function beginReading({ pathname, search }: Location): boolean {
  const reader = noted()
  for (const path of firstRequests(pathWithin(pathname), search, reader)) prefetch(path)
  return reader !== undefined
}
