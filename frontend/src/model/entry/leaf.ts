import { type RecordedJson, sameJson } from '../api/recordedJson'
import type { Change, Entry } from '../api/types'
import { givenId, microsOf } from '../log/entryAddress'

/** An entry decoded from its recorded bytes. Times are microseconds since 1970. */
export interface RecordedEntry extends Omit<Entry, 'time' | 'received_at'> {
  tenant: string
  time: number
  receivedAt: number
}

type Item = number | string | Item[] | Map<Item, Item>

/** Reads one item of CBOR (RFC 8949), of the kinds that recorded entries are made of; throws on any other. */
class Reader {
  #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  item(): Item {
    const first = this.#byte()
    const length = this.#argument(first & 31)
    switch (first >> 5) {
      case 0:
        return length
      case 1:
        return -1 - length
      case 3:
        return this.#text(length)
      case 4:
        return Array.from({ length }, () => this.item())
      case 5:
        return new Map(Array.from({ length }, () => [this.item(), this.item()]))
      default:
        throw new Error('not an entry')
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new Error('cut short')
    return byte
  }

  #argument(kind: number): number {
    if (kind < 24) return kind
    if (kind > 27) throw new Error('not an entry')
    let value = 0
    for (let left = 2 ** (kind - 24); left > 0; left--) value = value * 256 + this.#byte()
    if (!Number.isSafeInteger(value) || value > 2 ** 53) throw new Error('too large')
    return value
  }

  #text(length: number): string {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new Error('cut short')
    const bytes = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  }
}

/** Decodes the recorded bytes of an entry: a map with integer keys without empty values. */
export function readLeaf(bytes: Uint8Array): RecordedEntry {
  const reader = new Reader(bytes)
  const map = reader.item()
  if (!(map instanceof Map) || !reader.done) throw new Error('not an entry')
  const known = new Set(Array.from({ length: 21 }, (_, index) => index + 1))
  for (const key of map.keys()) if (!known.has(key as number)) throw new Error('a field this console does not know')

  const text = (key: number, from: Map<Item, Item> = map): string => {
    const value = from.get(key) ?? ''
    if (typeof value !== 'string') throw new Error('not an entry')
    return value
  }
  const number = (key: number): number => {
    const value = map.get(key)
    if (typeof value !== 'number') throw new Error('not an entry')
    return value
  }

  const changes = (map.get(19) ?? []) as Item[]
  const time = number(3)
  const seq = number(2)
  const details = json(text(20))
  return {
    tenant: text(1),
    seq,
    time,
    receivedAt: number(4),
    id: text(5) || givenId(time, seq),
    user: { id: text(6), name: text(7), role: text(8) },
    organization: { id: text(9), name: text(10) },
    module: text(11),
    operation: text(12),
    content: { id: text(13), name: text(14) },
    outcome: (text(15) || 'success') as Entry['outcome'],
    origin: (text(16) || 'manual') as Entry['origin'],
    ip: text(17),
    user_agent: text(18),
    key: text(21),
    changes: changes.map((change) => {
      if (!(change instanceof Map)) throw new Error('not an entry')
      const [before, after] = [json(text(2, change)), json(text(3, change))]
      return { field: text(1, change), ...(before && { before }), ...(after && { after }) }
    }),
    ...(details && { details }),
  }
}

/** A value's recorded text; undefined for none. Throws where it is not JSON. */
function json(value: string): RecordedJson | undefined {
  if (value === '') return undefined
  JSON.parse(value)
  return value as RecordedJson
}

/** Whether the displayed entry equals the recorded one in every field, with no extra fields. */
export function matchesRecorded(recorded: RecordedEntry, shown: Entry): boolean {
  const { tenant: _, time, receivedAt, changes, details, ...rest } = recorded
  const { time: shownTime, received_at, changes: shownChanges, details: shownDetails, ...shownRest } = shown
  return (
    microsOf(shownTime) === time &&
    microsOf(received_at) === receivedAt &&
    sameChanges(changes ?? [], shownChanges ?? []) &&
    sameJson(details, shownDetails) &&
    canonical(rest) === canonical(shownRest)
  )
}

function sameChanges(recorded: Change[], shown: Change[]): boolean {
  return (
    recorded.length === shown.length &&
    recorded.every(({ field, before, after }, index) => {
      const { field: shownField, before: shownBefore, after: shownAfter, ...more } = shown[index] as Change
      return (
        field === shownField &&
        sameJson(before, shownBefore) &&
        sameJson(after, shownAfter) &&
        Object.keys(more).length === 0
      )
    })
  )
}

/** JSON with sorted keys; empty values count as missing. */
function canonical(entry: object): string | undefined {
  return JSON.stringify(entry, (_, value) => {
    if (typeof value !== 'object' || value === null) return value === '' ? undefined : value
    const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    return Object.values(sorted).every((one) => one === '' || one === undefined) ? undefined : sorted
  })
}
