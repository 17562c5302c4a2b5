import { keep, read } from '../frame/kept'
import { hasPeriod, readFilters, writeFilters } from '../log/filters'
import { actHeader, actOf } from './act'
import type { Session } from './types'

// What the first page will ask for is asked for before the console is there to ask: while its code is still being
// read, the server answers.

/** How the API is read; a request that was begun early is the very one that is made otherwise. */
export const reading = {
  headers: { Accept: 'application/json' } as Record<string, string>,
  credentials: 'same-origin',
  cache: 'no-store',
} satisfies RequestInit

/** How many rows a page of the log has. */
export const pageSize = '100'

const tooOld = 10_000
const begun = new Map<string, { at: number; answer: Promise<Response | undefined> }>()

function begin(path: string) {
  const headers = { ...reading.headers, [actHeader]: actOf('page') }
  const answer = fetch(path, { ...reading, headers }).catch(() => undefined) // it is asked again, and fails where that is said
  begun.set(path, { at: performance.now(), answer })
}

/** The answer to a request that was begun early, once; undefined where it is to be made now. */
export async function takeEarly(path: string): Promise<Response | undefined> {
  const early = begun.get(path)
  begun.delete(path)
  if (!early || performance.now() - early.at > tooOld) return undefined
  const answer = await early.answer
  // That nobody is signed in is an answer, too; all else that went wrong is asked again.
  return answer?.ok || path === sessionPath ? answer : undefined
}

const sessionPath = '/api/v1/session'
const readerKey = 'oplog.reader'

/** Who was last seen signed in here: the tenants of theirs that have a tree; `undefined` for who reads no log. */
type Reader = { trees: string[] } | undefined

/** Notes who is signed in: nothing of a log is asked for on behalf of those who read none. */
export function noteReader(session: Session | null) {
  const reads = session !== null && session.role !== 'member'
  const trees = session?.tenants.filter((tenant) => tenant.data_permission).map(({ id }) => id)
  keep(readerKey, reads ? JSON.stringify({ trees }) : '')
}

function noted(): Reader {
  try {
    const value: unknown = JSON.parse(read(readerKey) || 'null')
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
  for (const path of firstRequests(pathname, search, noted())) begin(path)
}
