// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { adminEn } from '../../i18n/admin.en'
import { nodesEn as messages } from '../../i18n/nodes.en'
import type { Cluster, ClusterNode } from '../../model/api/types'
import { SessionProvider } from '../../model/session/session'
import { NodesPart } from './NodesPart'

afterEach(() => vi.unstubAllGlobals())

const seen = () => new Date(Date.now() - 100).toISOString()
const node = (name: string, change: Partial<ClusterNode> = {}): ClusterNode => ({
  id: `${name}${'0'.repeat(31)}`,
  address: `${name}.example:8485`,
  voter: true,
  leader: false,
  reachable: true,
  applied: 900,
  lag_entries: 0,
  lag_ms: 0,
  last_contact: seen(),
  version: '1.4.0',
  highest_level: 2,
  disk_used_bytes: 61e9,
  disk_bytes: 200e9,
  ...change,
})
const { last_contact: _, ...a } = node('a', { leader: true })
const three: Cluster = {
  enabled: true,
  id: a.id,
  leader: a.id,
  leader_since: '2026-11-18T02:14:00Z',
  level: 2,
  quorum: true,
  diverged: false,
  nodes: [a, node('b', { lag_entries: 3, lag_ms: 4 }), node('c', { lag_entries: 12_406, lag_ms: 20_000 })],
}

/** Draws the part of a server that answers with a state, and with a body to each change. */
function open(state: object, change: (path: string) => Response = () => new Response(null, { status: 204 })) {
  const sent = vi.fn()
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (init.method === 'GET')
      return new Response(JSON.stringify(path.endsWith('/second-factor') ? { totp: false, passkeys: [] } : state))
    sent(`${init.method} ${path}`, init.body && JSON.parse(`${init.body}`))
    return change(path)
  })
  const drawn = draw(
    <QueryClientProvider client={new QueryClient()}>
      <SessionProvider value={{ username: 'owner', role: 'owner', locale: 'en', tenants: [] }}>
        <NodesPart zone="UTC" />
      </SessionProvider>
    </QueryClientProvider>,
  )
  return { ...drawn, sent }
}

const action = (title: string, of: ClusterNode) => ({ name: adminEn.named(title, of.address) })

test('nodes are shown with role, lag, last contact, disk and version', async () => {
  open(three)
  const rows = within(await screen.findByRole('table', { name: messages.nodes })).getAllByRole('row')
  const text = rows.map((row) => row.textContent)
  expect(text[1]).toMatch(/^a\.example:8485a0000000LeaderNonethis node61 GB of 200 GB1\.4\.0level 2Transfer$/)
  expect(text[2]).toMatch(/^b\.example:8485b0000000Follower3 messages4 ms\d\.\d s ago61 GB/)
  expect(text[3]).toContain('12,406 messagescatching up, 20 s')
  expect(screen.getByText('12,406 messages').className).toBe('nodes-amber')
  expect(
    screen.getByText(/^The log keeps running with any two of the three\. Leader since 2026-11-18 02:14.*level 2\.$/),
  ).toBeTruthy()
  expect(screen.queryByRole('alert')).toBeNull()
})

test('what delays a higher level of messages is said', async () => {
  const { version: __, highest_level: ___, ...gone } = node('c', { reachable: false })
  open({ ...three, level: 1, nodes: [a, node('b', { highest_level: 1 }), gone] })
  expect(
    await screen.findByText(
      / Messages between nodes have level 1\. Level 2 waits for b\.example:8485, c\.example:8485: upgrade oplog there, or start what is down\.$/,
    ),
  ).toBeTruthy()
})

test('a log on one node has no such part', async () => {
  const { container } = open({ enabled: false, quorum: false, diverged: false })
  await waitFor(() => expect(fetch).toBeDefined())
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(container.textContent).toBe('')
})

test('without a quorum, what to do is an alert, and nodes that do not answer are named', async () => {
  const { leader: __, ...none } = three
  const gone = node('c', { reachable: false, last_contact: '2026-11-18T02:14:00Z', lag_entries: 9, lag_ms: 90_000 })
  open({ ...none, quorum: false, nodes: [{ ...a, leader: false }, node('b'), gone] })
  expect((await screen.findByRole('alert')).textContent).toBe(messages.noQuorum)
  expect(screen.getAllByText(messages.unreachable)).toHaveLength(1)
  expect(screen.getByText('9 messages').className).toBe('nodes-red')
})

test('an owner lets another node lead, and reads why that failed', async () => {
  const detail = 'No other node has caught up.'
  const { person, sent } = open(three, () => new Response(JSON.stringify({ detail }), { status: 409 }))
  await person.click(await screen.findByRole('button', action(messages.transfer, a)))
  expect((await screen.findByRole('alert')).textContent).toBe(messages.transferFailed(detail))
  expect(sent.mock.calls).toEqual([['POST /api/v1/cluster/transfer', {}]])
})

test('an owner gets the commands with which a node joins', async () => {
  const token = { token: 'T0ken', expires_at: '2026-11-18T02:14:00Z' }
  const { person } = open(three, () => new Response(JSON.stringify(token), { status: 201 }))
  await person.click(await screen.findByRole('button', { name: messages.add }))
  expect(await screen.findByText(/^oplog cluster join T0ken --address NEW-HOST:8485 --data/)).toBeTruthy()
  expect(screen.getByText(messages.addText('2026-11-18 02:14:00'))).toBeTruthy()
})

test('removing a node asks for its name and the password', async () => {
  const c = node('c')
  const wrong = { detail: 'Invalid.', errors: [{ location: 'body.password', message: 'is wrong' }] }
  const answers = [new Response(JSON.stringify(wrong), { status: 422 }), new Response(null, { status: 204 })]
  const { person, sent } = open(three, () => answers.shift() as Response)
  await person.click(await screen.findByRole('button', action(messages.remove, c)))
  expect(screen.getByText(messages.twoLeft)).toBeTruthy()
  await person.type(screen.getByLabelText(messages.password), 'guess')
  await person.type(screen.getByLabelText(messages.typeName(c.address)), 'b.example:8485{Enter}')
  expect(await screen.findByText(messages.wrongName)).toBeTruthy()
  expect(sent).not.toHaveBeenCalled()
  await person.clear(screen.getByLabelText(messages.typeName(c.address)))
  await person.type(screen.getByLabelText(messages.typeName(c.address)), `${c.address}{Enter}`)
  expect(await screen.findByText(messages.wrongPassword)).toBeTruthy()
  await person.type(screen.getByLabelText(messages.password), '!{Enter}')
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(sent.mock.calls.map(([, body]) => body)).toEqual([{ password: 'guess' }, { password: 'guess!' }])
})
