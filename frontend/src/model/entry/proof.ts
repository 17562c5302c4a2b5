import type { Entry, Proof } from '../api/types'
import { matchesRecorded, type RecordedEntry, readLeaf } from './leaf'
import {
  bytesOf,
  bytesOrNone,
  type Cosignature,
  cosignaturesOn,
  isSigned,
  keyName,
  same,
  type WitnessKey,
} from './note'

/** The result of verifying an entry in this browser. Only `proven` may be shown green. */
export type ProofResult =
  | { state: 'proven'; size: number; witnesses: Cosignature[] }
  | { state: 'waiting' }
  | {
      state: 'mismatch'
      reason: 'path' | 'differs' | 'signature' | 'origin' | 'keyChanged' | 'keyReplaced' | 'rewritten'
    }
  | { state: 'unchecked'; reason: 'insecure' | 'noProof' | 'unreadable' | 'key' | 'unsupported' | 'growth' }

/** What keeps an entry, or a checkpoint, from being proven. */
export type Doubt = Extract<ProofResult, { state: 'mismatch' | 'unchecked' }>

export interface TreeHead {
  size: number
  root: Uint8Array
}

export async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined))
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

/**
 * Checks in this browser that the recorded bytes match the displayed entry, belong to this tenant, and are in the signed
 * tree. Without the server's key, or without Ed25519 in the browser, nothing is proven: anybody could have made the tree.
 */
export async function checkProof(
  { proof, ...entry }: Entry & { proof?: Proof },
  tenant: string,
  verifierKey: string | undefined,
  witnesses: WitnessKey[] = [],
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
  const doubt = await checkCheckpoint(proof.checkpoint, tenant, verifierKey)
  if (doubt) return doubt
  return { state: 'proven', size: head.size, witnesses: await cosignaturesOn(proof.checkpoint, witnesses) }
}

/** Checks that a checkpoint is of this tenant's log, and signed with the server's key. */
export async function checkCheckpoint(
  checkpoint: string,
  tenant: string,
  verifierKey: string | undefined,
): Promise<Doubt | undefined> {
  if (!globalThis.crypto?.subtle) return { state: 'unchecked', reason: 'insecure' }
  if (!verifierKey) return { state: 'unchecked', reason: 'key' }
  const signed = await isSigned(checkpoint, verifierKey)
  if (signed === undefined) return { state: 'unchecked', reason: 'unsupported' }
  if (!signed) return { state: 'mismatch', reason: 'signature' }
  if (!checkpoint.startsWith(`${keyName(verifierKey)}/${tenant}\n`)) return { state: 'mismatch', reason: 'origin' }
  return undefined
}

function isShown(recorded: RecordedEntry, entry: Entry, tenant: string, proof: Proof): boolean {
  return recorded.tenant === tenant && recorded.seq === proof.index + 1 && matchesRecorded(recorded, entry)
}
