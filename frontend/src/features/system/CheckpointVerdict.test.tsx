// @vitest-environment happy-dom
import { readFileSync } from 'node:fs'
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { adminEn } from '../../i18n/admin.en'
import { entryEn } from '../../i18n/entry.en'
import type { Consistency, KeyHistory, VerifierKey } from '../../model/api/types'
import { CheckpointVerdict } from './CheckpointVerdict'

// Answers of the program; see pin.test.ts.
type Answers = KeyHistory & { checkpoint: string }
const { before, after, lost, consistency } = JSON.parse(
  readFileSync('src/model/entry/pin.fixture.json', 'utf8'),
) as Record<'before' | 'after' | 'lost', Answers> & { consistency: Consistency[] }
const { checkpointHolds, checkpointBroken } = adminEn.system

beforeEach(() => {
  localStorage.clear()
  vi.stubGlobal('location', { hostname: 'log.example.com' })
})
afterEach(() => vi.unstubAllGlobals())

/** A server with these keys, and proofs of the growth of its log. */
function stubServer(served: VerifierKey) {
  const fetch = vi.fn(async (address: string) => {
    const query = new URLSearchParams(address.split('?')[1])
    const asked = (one: Consistency) => `${one.from}-${one.to}` === `${query.get('from')}-${query.get('to')}`
    const answer = address.includes('/consistency') ? consistency.find(asked) : served
    return new Response(JSON.stringify(answer ?? { title: 'There are fewer entries.' }), { status: answer ? 200 : 422 })
  })
  vi.stubGlobal('fetch', fetch)
  return { fetch }
}

/** Shows a checkpoint on the page of a server with a key and how it replaced others. */
function show({ key, changes = [], checkpoint }: Omit<Answers, 'changes'> & { changes?: KeyHistory['changes'] }) {
  const keys = changes.map(({ statement }) => ({ key: statement.split('\n')[2] ?? '', statement }))
  stubServer({ key, keys })
  return draw(
    <QueryClientProvider client={new QueryClient()}>
      <CheckpointVerdict tenant="demo" checkpoint={checkpoint} />
    </QueryClientProvider>,
  )
}

async function holds(one: Parameters<typeof show>[0]) {
  const { unmount } = show(one)
  expect(await screen.findByText(checkpointHolds)).toBeTruthy()
  unmount()
}

async function breaks(one: Parameters<typeof show>[0], reason: keyof typeof entryEn.reasons) {
  const shown = show(one)
  expect(await screen.findByText(entryEn.reasons[reason], { exact: false })).toBeTruthy()
  expect(screen.getByText(checkpointBroken)).toBeTruthy()
  return shown
}

test('the first key is remembered, and a rotation followed, from the keys that the server gives', async () => {
  await holds(before)
  expect(localStorage.getItem('oplog.logs')).toContain(before.key)
  await holds(after)
  expect(localStorage.getItem('oplog.logs')).toContain(after.key)
})

test('a foreign key is reported, until the reader trusts it', async () => {
  await holds(before)
  const { person } = await breaks({ ...after, changes: [] }, 'keyChanged')
  await person.click(screen.getByRole('button', { name: entryEn.trustKey }))
  expect(await screen.findByText(checkpointHolds)).toBeTruthy()
})

test('so is the key of a log that lost its own, another log, and a signature of another key', async () => {
  await holds(before)
  const { unmount } = await breaks(lost, 'keyReplaced')
  unmount()
  const other = await breaks({ ...before, key: after.key }, 'signature')
  other.unmount()
  show(before)
  await screen.findByText(checkpointHolds)
})

test('a log that shrank or was forked is reported', async () => {
  await holds(after)
  const shorter = consistency.find(({ to }) => to === 8)?.checkpoint ?? ''
  const { unmount } = await breaks({ key: after.key, checkpoint: shorter }, 'rewritten')
  unmount()
  const pins = localStorage.getItem('oplog.logs') ?? ''
  localStorage.setItem('oplog.logs', pins.replace(/"root":"[^"]*"/, `"root":"${btoa('x'.repeat(32))}"`))
  await breaks(after, 'rewritten')
})

test('a page that knows the key from before a rotation asks for it again', async () => {
  const keys = after.changes.map(({ statement }) => ({ key: statement.split('\n')[2] ?? '', statement }))
  const client = new QueryClient()
  client.setQueryData(['key'], { key: before.key } satisfies VerifierKey)
  const { fetch } = stubServer({ key: after.key, keys })
  draw(
    <QueryClientProvider client={client}>
      <CheckpointVerdict tenant="demo" checkpoint={after.checkpoint} />
    </QueryClientProvider>,
  )
  expect(await screen.findByText(checkpointHolds)).toBeTruthy()
  expect(fetch).toHaveBeenCalled()
  expect(localStorage.getItem('oplog.logs')).toContain(after.key)
})

test('a checkpoint from before a rotation is asked for again, before anything is said of it', async () => {
  const client = new QueryClient()
  client.setQueryData(['tenant', 'demo', 'checkpoint'], before.checkpoint)
  client.setQueryDefaults(['tenant', 'demo', 'checkpoint'], {
    queryFn: async () => after.checkpoint,
    staleTime: Number.POSITIVE_INFINITY,
  })
  stubServer({ key: after.key, keys: [] })
  function Shown() {
    const { data } = useQuery<string>({ queryKey: ['tenant', 'demo', 'checkpoint'] })
    return <CheckpointVerdict tenant="demo" checkpoint={data ?? ''} />
  }
  draw(
    <QueryClientProvider client={client}>
      <Shown />
    </QueryClientProvider>,
  )
  expect(await screen.findByText(checkpointHolds)).toBeTruthy()
  expect(screen.queryByText(checkpointBroken)).toBeNull()
})
