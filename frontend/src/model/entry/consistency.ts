import { same } from './note'
import { sha256, type TreeHead } from './proof'

/** Whether a tree begins with an older one, as the proof between them shows (RFC 9162, 2.1.4.2). */
export async function isConsistent(older: TreeHead, newer: TreeHead, proof: Uint8Array[]): Promise<boolean> {
  if (older.size === newer.size) return proof.length === 0 && same(older.root, newer.root)
  if (older.size > newer.size) return false
  if (older.size === 0) return proof.length === 0
  const half = (value: number) => Math.floor(value / 2)
  let node = older.size - 1
  let last = newer.size - 1
  while (node % 2 === 1) {
    node = half(node)
    last = half(last)
  }
  const rest = [...proof]
  const start = node === 0 ? older.root : rest.shift()
  if (!start) return false
  const one = Uint8Array.of(1)
  let olderRoot = start
  let newerRoot = start
  for (const hash of rest) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      olderRoot = await sha256(one, hash, olderRoot)
      newerRoot = await sha256(one, hash, newerRoot)
      while (node % 2 === 0 && node !== 0) {
        node = half(node)
        last = half(last)
      }
    } else newerRoot = await sha256(one, newerRoot, hash)
    node = half(node)
    last = half(last)
  }
  return last === 0 && same(olderRoot, older.root) && same(newerRoot, newer.root)
}
