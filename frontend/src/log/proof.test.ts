import { describe, expect, test } from 'vitest'
import type { Entry, Proof } from '../api/types'
import { agrees, checkProof, isIncluded, isSigned, leafHash, readCheckpoint } from './proof'

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))
const text = (value: string) => new TextEncoder().encode(value)

async function pair(left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.of(1, ...left, ...right)))
}

/** The tree of RFC 6962, written as its definition reads, for tests only. */
async function root(leaves: Uint8Array[]): Promise<Uint8Array> {
  if (leaves.length === 1) return leafHash(leaves[0] as Uint8Array)
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return pair(await root(leaves.slice(0, split)), await root(leaves.slice(split)))
}

async function pathTo(index: number, leaves: Uint8Array[]): Promise<Uint8Array[]> {
  if (leaves.length === 1) return []
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1))
  const left = leaves.slice(0, split)
  const right = leaves.slice(split)
  if (index < split) return [...(await pathTo(index, left)), await root(right)]
  return [...(await pathTo(index - split, right)), await root(left)]
}

test('every leaf of every small tree leads to its root, and no other does', async () => {
  for (let size = 1; size <= 17; size++) {
    const leaves = Array.from({ length: size }, (_, index) => text(`entry ${index}`))
    const head = { size, root: await root(leaves) }
    for (let index = 0; index < size; index++) {
      const path = await pathTo(index, leaves)
      const hash = await leafHash(leaves[index] as Uint8Array)
      expect(await isIncluded(hash, index, head, path)).toBe(true)
      expect(await isIncluded(await leafHash(text('forged')), index, head, path)).toBe(false)
      if (size > 1) expect(await isIncluded(hash, (index + 1) % size, head, path)).toBe(false)
      expect(await isIncluded(hash, index, head, [...path, head.root])).toBe(false)
    }
  }
})

test('an empty tree has no leaf; the hash of an empty leaf is the known one', async () => {
  const hash = await leafHash(new Uint8Array())
  expect(Buffer.from(hash).toString('hex')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  expect(await isIncluded(hash, 0, { size: 0, root: hash }, [])).toBe(false)
})

test('a checkpoint', () => {
  const hash = base64(new Uint8Array(32).fill(7))
  expect(readCheckpoint(`log\n12\n${hash}\n\n— log AAAA\n`)).toEqual({ size: 12, root: new Uint8Array(32).fill(7) })
  for (const wrong of ['', 'log\n12', `log\nmany\n${hash}\n`, 'log\n12\n!!!\n', 'log\n12\nAAAA\n'])
    expect(readCheckpoint(wrong)).toBeUndefined()
})

describe('signature', async () => {
  const keys = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey))
  const key = `log.example+1234abcd+${base64(Uint8Array.of(1, ...raw))}`
  const body = 'log.example\n1\nAAAA\n'
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', keys.privateKey, text(body)))
  const note = `${body}\n— log.example ${base64(Uint8Array.of(0x12, 0x34, 0xab, 0xcd, ...signature))}\n`

  test('of this server', async () => {
    expect(await isSigned(note, key)).toBe(true)
    expect(await isSigned(note, `${key}\n`)).toBe(true)
  })

  test('of nobody, of somebody else, of another text', async () => {
    expect(await isSigned(body, key)).toBe(false)
    expect(await isSigned(note.replace('— log.example', '— other'), key)).toBe(false)
    expect(await isSigned(note.replace('\n1\n', '\n2\n'), key)).toBe(false)
  })
})

const entry: Entry = {
  id: '01JD',
  seq: 3,
  time: '2026-11-20T08:41:07.4Z',
  received_at: '2026-11-20T08:41:07.812Z',
  user: { id: 'u_1', name: '王晓敏', role: '营销经理' },
  module: 'sms',
  operation: 'send',
  origin: 'manual',
  outcome: 'success',
}

describe('an entry', async () => {
  const leaves = [
    text('a'),
    text('b'),
    text(JSON.stringify({ ...entry, time: '2026-11-20T08:41:07.400000Z' })),
    text('d'),
  ]
  const head = await root(leaves)
  const proof: Proof = {
    leaf: base64(leaves[2] as Uint8Array),
    index: 2,
    size: 4,
    path: (await pathTo(2, leaves)).map(base64),
    checkpoint: `log\n4\n${base64(head)}\n\n— log AAAA\n`,
  }

  test('is proven', async () => {
    expect(await checkProof(entry, proof, undefined)).toEqual({ state: 'proven', size: 4 })
  })

  test('that is shown otherwise than recorded is not', async () => {
    const renamed = { ...entry, user: { ...entry.user, name: 'Somebody' } }
    expect(await checkProof(renamed, proof, undefined)).toEqual({ state: 'mismatch', reason: 'differs' })
    const added = { ...entry, content: { id: 'sms_1' } }
    expect(await checkProof(added, proof, undefined)).toEqual({ state: 'mismatch', reason: 'differs' })
  })

  test('whose path leads elsewhere is not', async () => {
    const bent = { ...proof, path: [...proof.path].reverse() }
    expect(await checkProof(entry, bent, undefined)).toEqual({ state: 'mismatch', reason: 'path' })
  })

  test('that the checkpoint does not reach yet waits', async () => {
    const early = { ...proof, checkpoint: `log\n2\n${base64(head)}\n\n` }
    expect(await checkProof(entry, early, undefined)).toEqual({ state: 'waiting' })
  })

  test('without a proof, or with unreadable bytes, is not checked', async () => {
    expect(await checkProof(entry, undefined, undefined)).toEqual({ state: 'unchecked', reason: 'noProof' })
    const garbled = { ...proof, leaf: base64(text('not JSON')) }
    expect(await checkProof(entry, garbled, undefined)).toEqual({ state: 'unchecked', reason: 'unreadable' })
    expect(agrees({ something: 'else' }, entry)).toBeUndefined()
  })
})
