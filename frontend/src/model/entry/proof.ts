import type { Entry, Proof } from '../api/types'
import { matchesRecorded, type RecordedEntry, readLeaf } from './leaf'

/** The result of verifying an entry in this browser. Only `proven` may be shown green. */
export type ProofResult =
  | { state: 'proven'; size: number }
  | { state: 'waiting' }
  | { state: 'mismatch'; reason: 'path' | 'differs' | 'signature' }
  | { state: 'unchecked'; reason: 'insecure' | 'noProof' | 'unreadable' | 'key' | 'unsupported' }

export interface TreeHead {
  size: number
  root: Uint8Array
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

function bytesOrNone(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return bytesOf(base64)
  } catch {
    return undefined
  }
}

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined))
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

/** The hash of a leaf of an RFC 6962 tree. */
export function leafHash(leaf: Uint8Array): Promise<Uint8Array> {
  return sha256(Uint8Array.of(0), leaf)
}

/** Whether a leaf's hash leads, along the path, to the root of a tree of that size (RFC 9162, 2.1.3.2). */
export async function isIncluded(
  hash: Uint8Array,
  index: number,
  head: TreeHead,
  path: Uint8Array[],
): Promise<boolean> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= head.size) return false
  const one = Uint8Array.of(1)
  const half = (value: number) => Math.floor(value / 2)
  let node = index
  let last = head.size - 1
  let running = hash
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      running = await sha256(one, sibling, running)
      while (node % 2 === 0 && node !== 0) {
        node = half(node)
        last = half(last)
      }
    } else running = await sha256(one, running, sibling)
    node = half(node)
    last = half(last)
  }
  return last === 0 && same(running, head.root)
}

/** The tree head in a C2SP checkpoint: origin, size and root on its first three lines. */
export function readCheckpoint(checkpoint: string): TreeHead | undefined {
  const [origin, size, root] = checkpoint.split('\n')
  if (!origin || !size || !/^\d+$/.test(size) || !root) return undefined
  const hash = bytesOrNone(root)
  return hash?.length === 32 ? { size: Number(size), root: hash } : undefined
}

/** Whether the note is signed with a verifier key; undefined when this browser cannot tell. */
export async function isSigned(note: string, verifierKey: string): Promise<boolean | undefined> {
  const split = note.lastIndexOf('\n\n')
  const [name, , encoded] = splitKey(verifierKey.trim())
  const keyBytes = bytesOrNone(encoded ?? '')
  if (split < 0 || !name || !keyBytes?.length) return false
  const text = new TextEncoder().encode(note.slice(0, split + 1))
  if (keyBytes[0] !== 1) return undefined
  let key: CryptoKey
  try {
    key = await crypto.subtle.importKey('raw', keyBytes.slice(1), { name: 'Ed25519' }, false, ['verify'])
  } catch {
    return undefined
  }
  for (const line of note.slice(split + 2).split('\n')) {
    const [dash, signer, encodedSignature] = line.split(' ')
    const signature = bytesOrNone(encodedSignature ?? '')
    if (dash !== '—' || signer !== name || !signature) continue
    if (await crypto.subtle.verify({ name: 'Ed25519' }, key, signature.slice(4), text)) return true
  }
  return false
}

/** `name+hash+base64`; the base64 part may itself hold a plus. */
function splitKey(key: string): [string?, string?, string?] {
  const first = key.indexOf('+')
  const second = key.indexOf('+', first + 1)
  return first < 0 || second < 0 ? [] : [key.slice(0, first), key.slice(first + 1, second), key.slice(second + 1)]
}

/**
 * Checks, in this browser, that the recorded bytes are what is shown, of this tenant, and in the signed tree.
 * Without the server's key, or in a browser that knows no Ed25519, nothing is proven: anybody could have made the tree.
 */
export async function checkProof(
  { proof, ...entry }: Entry & { proof?: Proof },
  tenant: string,
  verifierKey: string | undefined,
): Promise<ProofResult> {
  if (!globalThis.crypto?.subtle) return { state: 'unchecked', reason: 'insecure' }
  if (!proof) return { state: 'unchecked', reason: 'noProof' }
  const head = readCheckpoint(proof.checkpoint)
  if (!head || head.size <= proof.index) return { state: 'waiting' }
  let leaf: Uint8Array
  let path: Uint8Array[]
  let recorded: RecordedEntry
  try {
    leaf = bytesOf(proof.leaf)
    path = proof.path.map(bytesOf)
    recorded = readLeaf(leaf)
  } catch {
    return { state: 'unchecked', reason: 'unreadable' }
  }
  if (!isShown(recorded, entry, tenant, proof)) return { state: 'mismatch', reason: 'differs' }
  if (!(await isIncluded(await leafHash(leaf), proof.index, head, path))) return { state: 'mismatch', reason: 'path' }
  if (!verifierKey) return { state: 'unchecked', reason: 'key' }
  const signed = await isSigned(proof.checkpoint, verifierKey)
  if (signed === undefined) return { state: 'unchecked', reason: 'unsupported' }
  if (!signed) return { state: 'mismatch', reason: 'signature' }
  return { state: 'proven', size: head.size }
}

function isShown(recorded: RecordedEntry, entry: Entry, tenant: string, proof: Proof): boolean {
  return recorded.tenant === tenant && recorded.seq === proof.index + 1 && matchesRecorded(recorded, entry)
}
