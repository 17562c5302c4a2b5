import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { parseJson, type RecordedJson } from '../api/recordedJson'
import type { Proof, ProvenEntry } from '../api/types'
import { givenId } from '../log/entryAddress'
import { matchesRecorded, readLeaf } from './leaf'
import { cosignaturesOn, isSigned } from './note'
import { checkProof, isIncluded, leafHash, readCheckpoint } from './proof'

const json = (value: string) => value as RecordedJson
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

/** A key pair, its verifier key, and the hash that signatures name it by. */
async function keyPair(name: string, algorithm: number) {
  const keys = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  const bytes = Uint8Array.of(algorithm, ...new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey)))
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.of(...text(`${name}\n`), ...bytes))
  const hash = new Uint8Array(digest).slice(0, 4)
  const sign = async (message: string, ...before: number[]) => {
    const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', keys.privateKey, text(message)))
    return `— ${name} ${base64(Uint8Array.of(...hash, ...before, ...signature))}\n`
  }
  return { key: `${name}+${Buffer.from(hash).toString('hex')}+${base64(bytes)}`, sign }
}

describe('signature', async () => {
  const { key, sign } = await keyPair('log.example', 1)
  const body = 'log.example\n1\nAAAA\n'
  const line = await sign(body)
  const note = `${body}\n${line}`

  test('of this server', async () => {
    expect(await isSigned(note, key)).toBe(true)
    expect(await isSigned(note, `${key}\n`)).toBe(true)
  })

  test('of nobody, of somebody else, of another text', async () => {
    expect(await isSigned(body, key)).toBe(false)
    expect(await isSigned(note.replace('— log.example', '— other'), key)).toBe(false)
    expect(await isSigned(note.replace('\n1\n', '\n2\n'), key)).toBe(false)
    expect(await isSigned(`${body}\n— log.example not/base64!\n`, key)).toBe(false)
    expect(await isSigned(note, 'log.example+0+not/base64!')).toBe(false)
  })

  test('by a key whose hash is not its own, or that names another key', async () => {
    expect(await isSigned(note, key.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))).toBe(false)
    const other = Uint8Array.from(atob(line.split(' ')[2] ?? ''), (character) => character.charCodeAt(0)).fill(0, 0, 4)
    expect(await isSigned(`${body}\n— log.example ${base64(other)}\n`, key)).toBe(false)
  })
})

describe('cosignature', async () => {
  const witness = await keyPair('witness.example', 4)
  const body = 'log.example/demo\n7\nAAAA\n'
  const seconds = 1_800_000_000
  const time = [0, 0, 0, 0, 0x6b, 0x49, 0xd2, 0x00]
  const line = await witness.sign(`cosignature/v1\ntime ${seconds}\n${body}`, ...time)
  const on = (checkpoint: string, key = witness.key) => cosignaturesOn(checkpoint, [{ name: 'audit', key }])

  test('of a witness, with its time', async () => {
    expect(await on(`${body}\n— log.example AAAA\n${line}`)).toEqual([
      { name: 'audit', at: '2027-01-15T08:00:00.000Z' },
    ])
  })

  test('of another checkpoint, time or witness', async () => {
    expect(await on(`${body.replace('7', '8')}\n${line}`)).toEqual([])
    const earlier = Uint8Array.from(atob(line.split(' ')[2] ?? ''), (character) => character.charCodeAt(0)).fill(
      0,
      4,
      12,
    )
    expect(await on(`${body}\n— witness.example ${base64(earlier)}\n`)).toEqual([])
    expect(await on(`${body}\n${line}`, (await keyPair('witness.example', 4)).key)).toEqual([])
    expect(await on(`${body}\n${await witness.sign(body)}`)).toEqual([])
    expect(await on(`${body}\n— witness.example AAAA\n`)).toEqual([])
  })
})

// An entry as a server recorded, proved and signed it.
const { key, ...proven } = parseJson<ProvenEntry & { key: string }>(
  readFileSync(new URL('proof.fixture.json', import.meta.url), 'utf8'),
)
const proof = proven.proof as Proof

describe('an entry', () => {
  test('is proven', async () => {
    expect(await checkProof(proven, 'demo', key)).toEqual({ state: 'proven', size: proof.size, witnesses: [] })
  })

  test.each<[string, Partial<ProvenEntry>]>([
    ['another name', { user: { ...proven.user, name: 'Somebody' } }],
    ['another time', { time: '2026-11-23T00:23:41.614001Z' }],
    ['another arrival', { received_at: '2026-11-23T00:38:50Z' }],
    ['another content', { content: { id: 'mod_1' } }],
    ['an address left out', { ip: undefined }],
    ['an outcome', { outcome: 'failure' }],
    ['a change left out', { changes: proven.changes?.slice(1) }],
    ['a change of another value', { changes: [{ field: 'height', before: json('"580"'), after: json('200') }] }],
    ['details that were not recorded', { details: json('{"note":"x"}') }],
    ['another id', { id: 'x' }],
    ['a key that did not record it', { key: 'oplog_write_Ab3_-xyz' }],
  ])('shown with %s is not', async (_, other) => {
    expect(await checkProof({ ...proven, ...other }, 'demo', key)).toEqual({ state: 'mismatch', reason: 'differs' })
  })

  test('has the key that recorded it in its leaf', () => {
    const [head = 0, ...rest] = Uint8Array.from(atob(proof.leaf), (character) => character.charCodeAt(0))
    expect(readLeaf(Uint8Array.of(head, ...rest)).key).toBe('')
    expect(readLeaf(Uint8Array.of(head + 1, ...rest, 21, 0x63, ...text('crm'))).key).toBe('crm')
    expect(() => readLeaf(Uint8Array.of(head + 1, ...rest, 22, 0x63, ...text('crm')))).toThrow()
  })

  test('in the checkpoint of another log is not', async () => {
    const { key: own, sign } = await keyPair('log.example', 1)
    const [, size, root] = proof.checkpoint.split('\n')
    const inLog = async (origin: string) => {
      const body = `${origin}\n${size}\n${root}\n`
      return checkProof({ ...proven, proof: { ...proof, checkpoint: `${body}\n${await sign(body)}` } }, 'demo', own)
    }
    expect(await inLog('log.example/demo')).toEqual({ state: 'proven', size: proof.size, witnesses: [] })
    expect(await inLog('log.example/other')).toEqual({ state: 'mismatch', reason: 'origin' })
    expect(await inLog('other.example/demo')).toEqual({ state: 'mismatch', reason: 'origin' })
  })

  test('of another tenant is not', async () => {
    expect(await checkProof(proven, 'other', key)).toEqual({ state: 'mismatch', reason: 'differs' })
  })

  test('whose path leads elsewhere is not', async () => {
    const bent = { ...proven, proof: { ...proof, path: [...proof.path].reverse() } }
    expect(await checkProof(bent, 'demo', key)).toEqual({ state: 'mismatch', reason: 'path' })
  })

  test('whose checkpoint somebody else signed is not', async () => {
    const own = proof.checkpoint.replace('— oplog', '— golpo')
    expect(await checkProof({ ...proven, proof: { ...proof, checkpoint: own } }, 'demo', key)).toEqual({
      state: 'mismatch',
      reason: 'signature',
    })
  })

  test('whose signature cannot be checked is not called proven', async () => {
    expect(await checkProof(proven, 'demo', undefined)).toEqual({ state: 'unchecked', reason: 'key' })
    const importKey = vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new Error('no Ed25519'))
    expect(await checkProof(proven, 'demo', key)).toEqual({ state: 'unchecked', reason: 'unsupported' })
    importKey.mockRestore()
  })

  test('that the checkpoint does not reach yet waits', async () => {
    const early = { ...proof, checkpoint: proof.checkpoint.replace(`\n${proof.size}\n`, '\n2\n') }
    expect(await checkProof({ ...proven, proof: early }, 'demo', key)).toEqual({ state: 'waiting' })
  })

  test('without a proof, or with unreadable bytes, is not checked', async () => {
    expect(await checkProof({ ...proven, proof: undefined }, 'demo', key)).toEqual({
      state: 'unchecked',
      reason: 'noProof',
    })
    for (const bytes of [text('not CBOR'), Uint8Array.of(0xa0), Uint8Array.of(0xa1, 0x18, 0x63, 0x00)]) {
      const garbled = { ...proven, proof: { ...proof, leaf: base64(bytes) } }
      expect(await checkProof(garbled, 'demo', key)).toEqual({ state: 'unchecked', reason: 'unreadable' })
    }
  })
})

test('the id that the log gives is made of time and number', () => {
  expect(givenId(1_795_393_421_614_000, 99_998)).toBe(proven.id)
})

/** The recorded bytes of the entry, with another value in place of the number 580. */
function leafWith(value: string): Uint8Array {
  const leaf = atob(proof.leaf).replace('c580', String.fromCharCode(0x60 + value.length) + value)
  return Uint8Array.from(leaf, (character) => character.charCodeAt(0))
}

test.each([
  ['9007199254740789', ['9007199254740788', '9007199254740800']],
  ['2.50', ['2.5', '"2.50"']],
  ['1e400', ['1e401', 'null']],
  ['-0', ['0']],
  ['1.0', ['1', '1.00']],
  ['null', ['0', '""']],
  ['{"a":1,"a":2}', ['{"a":2}', '{"a":2,"a":1}']],
])('a recorded %s is agreed with by that text alone', (value, others) => {
  const { proof: _, ...entry } = proven
  const shown = (before: string) => ({
    ...entry,
    changes: (entry.changes ?? []).map((change, index) => (index === 0 ? { ...change, before: json(before) } : change)),
  })
  const recorded = readLeaf(leafWith(value))
  expect(matchesRecorded(recorded, shown(value))).toBe(true)
  for (const other of others) expect(matchesRecorded(recorded, shown(other)), other).toBe(false)
})
