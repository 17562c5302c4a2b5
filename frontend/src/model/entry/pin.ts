// For each log this browser remembers the key that it saw first, or that key's successor, and the last tree head. A log that does not
// continue them was replaced or rewritten.

import { basePath } from '../../lib/basePath'
import { isProblem } from '../../lib/problem'
import { readStored, writeStored } from '../../lib/storage'
import type { Consistency, KeyChange } from '../api/types'
import { isConsistent } from './consistency'
import { bytesOf, bytesOrNone, isSigned, keyName } from './note'
import { readCheckpoint, type TreeHead } from './proof'

const storageKey = 'oplog.logs'
const maxPins = 50

interface Pin {
  /** The log: the base path and the tenant. */
  log: string
  key: string
  size: number
  /** In base64. */
  root: string
}

export type PinProblem = 'keyChanged' | 'keyReplaced' | 'rewritten' | 'growth'

export interface Seen {
  tenant: string
  /** The server's verifier key, which signed the checkpoint. */
  key: string
  checkpoint: string
  changes: KeyChange[] | undefined
  /** Asks the server for the proof that its tree has only grown between two sizes. */
  prove: (from: number, to: number) => Promise<Consistency>
}

function readPins(): Pin[] {
  try {
    const value: unknown = JSON.parse(readStored(storageKey) ?? '[]')
    return Array.isArray(value) ? value.filter(isPin) : []
  } catch {
    return []
  }
}

function isPin(value: Partial<Pin> | null): value is Pin {
  return (
    typeof value?.log === 'string' &&
    typeof value.key === 'string' &&
    Number.isSafeInteger(value.size) &&
    typeof value.root === 'string' &&
    bytesOrNone(value.root)?.length === 32
  )
}

function pin(one: Pin) {
  const others = readPins().filter(({ log }) => log !== one.log)
  writeStored(storageKey, JSON.stringify([one, ...others].slice(0, maxPins)))
}

const logOf = (tenant: string) => `${basePath}/${tenant}`

/** Trusts the log as it is now, whatever was remembered of it. */
export function trustLog(tenant: string, key: string, checkpoint: string) {
  const [, size, root] = checkpoint.split('\n')
  pin({ log: logOf(tenant), key, size: Number(size), root: root ?? '' })
}

/**
 * Compares a signed checkpoint with what this browser remembers of the log, and remembers it. A key that the remembered one signed as its
 * successor is accepted. On this machine alone a log of another name is a new log, not a forged one.
 */
export async function checkPin({ tenant, key, checkpoint, changes, prove }: Seen): Promise<PinProblem | undefined> {
  const known = readPins().find(({ log }) => log === logOf(tenant))
  const head = readCheckpoint(checkpoint)
  if (!head) return 'rewritten'
  const another = known && keyName(known.key) !== keyName(key)
  if (!known || (another && isLoopback(globalThis.location?.hostname ?? ''))) {
    trustLog(tenant, key, checkpoint)
    return undefined
  }
  if (known.key !== key) {
    const led = await leads(known.key, key, changes ?? [])
    if (led !== 'yes') return led === 'lost' ? 'keyReplaced' : 'keyChanged'
  }
  const growth = await compare({ size: known.size, root: bytesOf(known.root) }, head, prove)
  if (growth) return growth
  if (head.size >= known.size) trustLog(tenant, key, checkpoint)
  else pin({ ...known, key })
  return undefined
}

/** Whether one of the two heads continues the other. */
async function compare(known: TreeHead, head: TreeHead, prove: Seen['prove']): Promise<PinProblem | undefined> {
  const [older, newer] = known.size <= head.size ? [known, head] : [head, known]
  if (older.size === newer.size || older.size === 0)
    return (await isConsistent(older, newer, [])) ? undefined : 'rewritten'
  let path: Uint8Array[]
  try {
    path = (await prove(older.size, newer.size)).path.map(bytesOf)
  } catch (error) {
    return isProblem(error, 422) ? 'rewritten' : 'growth' // 422: there are fewer entries
  }
  return (await isConsistent(older, newer, path)) ? undefined : 'rewritten'
}

/** Whether rotations lead from a key to another: each statement signed by the old and the new key. */
async function leads(from: string, to: string, changes: KeyChange[]): Promise<'yes' | 'no' | 'lost'> {
  const statements = changes.map(({ statement }) => ({ statement, lines: statement.split('\n') }))
  const first = statements.findIndex(({ lines }) => lines[2] === from)
  if (first < 0) return 'no'
  let current = from
  for (const { statement, lines } of statements.slice(first)) {
    const [title, name, old, next] = lines
    if (old !== current || !next || name !== keyName(from) || keyName(next) !== name) return 'no'
    if (title === 'oplog key replacement v1') return 'lost'
    if (title !== 'oplog key rotation v1') return 'no'
    if (!(await isSigned(statement, old)) || !(await isSigned(statement, next))) return 'no'
    current = next
  }
  return current === to ? 'yes' : 'no'
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host)
}
