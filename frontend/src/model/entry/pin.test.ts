// @vitest-environment happy-dom
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiProblem } from '../../lib/problem'
import type { Consistency, KeyHistory } from '../api/types'
import { isConsistent } from './consistency'
import { bytesOf } from './note'
import { checkPin, isLoopback, trustLog } from './pin'
import { readCheckpoint, type TreeHead } from './proof'

// Answers of the program: of a log with 300 entries, after two rotations of its key and 7 entries more, and after its key was lost.
type Answers = KeyHistory & { checkpoint: string }
const { before, after, lost, consistency } = JSON.parse(
  readFileSync('src/model/entry/pin.fixture.json', 'utf8'),
) as Record<'before' | 'after' | 'lost', Answers> & { consistency: Consistency[] }

const headOf = (checkpoint: string) => readCheckpoint(checkpoint) as TreeHead
const proofs = new Map(consistency.map((one) => [`${one.from}-${one.to}`, one]))
const prove = vi.fn(async (from: number, to: number) => {
  const proof = proofs.get(`${from}-${to}`)
  if (!proof) throw new ApiProblem(422, {})
  return proof
})
const seen = ({ key, changes, checkpoint }: Answers, tenant = 'demo') => ({ tenant, key, changes, checkpoint, prove })

beforeEach(() => {
  localStorage.clear()
  prove.mockClear()
  vi.stubGlobal('location', { hostname: 'log.example.com' })
})
afterEach(() => vi.unstubAllGlobals())

test('a log that has only grown is proven to, and no other beginning or end is', async () => {
  const heads = new Map(consistency.map((one) => [one.to, headOf(one.checkpoint)]))
  heads.set(300, headOf(before.checkpoint))
  let checked = 0
  for (const { from, to, path } of consistency) {
    const older = heads.get(from)
    const newer = heads.get(to) as TreeHead
    if (!older) continue
    checked++
    const hashes = path.map(bytesOf)
    const other = { size: from, root: new Uint8Array(32) }
    expect(await isConsistent(older, newer, hashes), `${from} to ${to}`).toBe(true)
    expect(await isConsistent(other, newer, hashes)).toBe(false)
    expect(await isConsistent(older, { ...newer, root: other.root }, hashes)).toBe(false)
    expect(await isConsistent(older, newer, [...hashes, newer.root])).toBe(false)
    if (hashes.length > 0) expect(await isConsistent(older, newer, hashes.slice(1))).toBe(false)
  }
  expect(checked).toBeGreaterThan(3)
})

test('the first key is remembered; rotations are followed, and growth is proven', async () => {
  expect(await checkPin(seen(before))).toBeUndefined()
  expect(await checkPin(seen(after))).toBeUndefined()
  expect(prove).toHaveBeenCalledExactlyOnceWith(300, 307)
  expect(await checkPin({ ...seen(after), changes: [] })).toBeUndefined() // the new key is remembered
  expect(await checkPin({ ...seen(after), checkpoint: before.checkpoint })).toBeUndefined() // older, as witnesses cosigned it
  expect(localStorage.getItem('oplog.logs')).toContain('"size":307')
})

test('a key that does not follow from the remembered one is refused, and not remembered', async () => {
  await checkPin(seen(before))
  expect(await checkPin({ ...seen(after), changes: [] })).toBe('keyChanged')
  expect(await checkPin({ ...seen(after), changes: after.changes.slice(1) })).toBe('keyChanged')
  const forged = after.changes.map(({ statement }) => ({ statement: statement.replace(/— .*\n/, '') }))
  expect(await checkPin({ ...seen(after), changes: forged })).toBe('keyChanged')
  expect(await checkPin(seen(lost))).toBe('keyReplaced')
  trustLog('demo', lost.key, lost.checkpoint)
  expect(await checkPin(seen(lost))).toBeUndefined()
})

test('a log that does not continue what was seen is rewritten', async () => {
  await checkPin(seen(after))
  const other = (size: number) => after.checkpoint.replace(/\n307\n.*\n/, `\n${size}\n${btoa('x'.repeat(32))}\n`)
  for (const size of [307, 300, 299, 400])
    expect(await checkPin({ ...seen(after), checkpoint: other(size) }), `${size}`).toBe('rewritten')
  prove.mockRejectedValueOnce(new ApiProblem(503, {}))
  expect(await checkPin({ ...seen(after), checkpoint: other(400) })).toBe('growth')
  expect(await checkPin(seen(after))).toBeUndefined()
})

test('at most 50 logs are remembered, the latest; what cannot be read is forgotten', async () => {
  localStorage.setItem('oplog.logs', '[{"log":"/demo","key":1},null,3]')
  for (let index = 0; index < 60; index++) await checkPin(seen(before, `t${index}`))
  expect(JSON.parse(localStorage.getItem('oplog.logs') ?? '')).toHaveLength(50)
  expect(await checkPin({ ...seen(after, 't59'), changes: [] })).toBe('keyChanged')
  expect(await checkPin({ ...seen(after, 't1'), changes: [] })).toBeUndefined()
})

test('a log of another name is refused, except on this machine alone', async () => {
  await checkPin(seen(before))
  const another = { ...seen(after), key: after.key.replace(/^oplog-/, 'other-') }
  expect(await checkPin(another)).toBe('keyChanged')
  vi.stubGlobal('location', { hostname: '127.0.0.1' })
  expect(await checkPin({ ...seen(after), changes: [] })).toBe('keyChanged')
  expect(await checkPin(another)).toBeUndefined()
  expect(['localhost', '[::1]', '127.0.0.1', 'log.example.com', '10.0.0.1'].map(isLoopback)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
