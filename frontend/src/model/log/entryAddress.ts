import type { Entry } from '../api/types'

/** An entry as named in URLs. Without `seq`: the one whose id the log generated, else the newest with the id. */
export interface EntryName {
  id: string
  seq: number | undefined
}

/** Replaces an id that URLs would treat as a folder; the seq identifies the entry. */
export const noId = '~'

const base32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The id that the log generates for an entry sent without one: time and seq, as 26 characters. */
export function givenId(micros: number, seq: number): string {
  let bits = ((BigInt(micros) << 64n) | BigInt(seq)) << 2n
  let id = ''
  for (let digit = 0; digit < 26; digit++) {
    id = base32[Number(bits & 31n)] + id
    bits >>= 5n
  }
  return id
}

/** A time of the API in microseconds since 1970. */
export function microsOf(time: string): number {
  const fraction = (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(6, '0').slice(0, 6)
  return Math.floor(Date.parse(time) / 1000) * 1_000_000 + Number(fraction)
}

type Numbered = Pick<Entry, 'id' | 'seq' | 'time'>

/** Whether the log generated the id, so that it is unique. A sender's id may be used by other entries, too. */
export function hasOwnId({ id, seq, time }: Numbered): boolean {
  return id.length === 26 && id === givenId(microsOf(time), seq)
}

/** A permanent name of an entry: with its seq if the id may not be unique. */
export function entryName(entry: Numbered): EntryName {
  return { id: isFolder(entry.id) ? noId : entry.id, seq: hasOwnId(entry) ? undefined : entry.seq }
}

export function isFolder(id: string): boolean {
  return id === '.' || id === '..'
}

/** A seq that no entry has: the one of a link whose seq is no number. */
export const noSeq = 0

/** The entry named in the page's URL; undefined if none is open. */
export function readName(id: string | undefined, search: URLSearchParams): EntryName | undefined {
  const seq = search.get('seq')
  if (id === undefined) return undefined
  return { id, seq: seq ? (/^[1-9]\d{0,14}$/.test(seq) ? Number(seq) : noSeq) : undefined }
}

/** The part of a URL after `entries/` in the API, and its counterpart in the console. */
export function writeName({ id, seq }: EntryName, search = ''): { path: string; search: string } {
  const query = new URLSearchParams(search)
  query.delete('seq')
  if (seq !== undefined) query.set('seq', String(seq))
  return { path: encodeURIComponent(isFolder(id) && seq !== undefined ? noId : id), search: query.toString() }
}

/** The console's URL of an entry, with the filters of a query. */
export function entryAddress(tenant: string, name: EntryName, filters = ''): { pathname: string; search: string } {
  const { path, search } = writeName(name, filters)
  return { pathname: `/t/${encodeURIComponent(tenant)}/log/${path}`, search }
}

/** Whether a row is the entry that is open. */
export function isNamed(entry: Numbered, name: EntryName): boolean {
  return name.seq === undefined ? entry.id === name.id && hasOwnId(entry) : entry.seq === name.seq
}
