// @vitest-environment happy-dom
import { readFileSync } from 'node:fs'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { entryEn } from '../../i18n/entry.en'
import { parseJson } from '../api/recordedJson'
import type { ProvenEntry, VerifierKey } from '../api/types'
import { ProofLine } from './ProofLine'

afterEach(() => vi.unstubAllGlobals())

const { key, ...entry } = parseJson<ProvenEntry & { key: string }>(
  readFileSync('src/model/entry/proof.fixture.json', 'utf8'),
)

test('a witness that does not confirm the log is named beside the proof', async () => {
  const since = '2026-11-23T01:00:00Z'
  const answer: VerifierKey = {
    key,
    witnesses: [
      { name: 'auditor.example', key: 'a', state: 'ok' },
      { name: 'second.example', key: 'b', state: 'refused', failing_since: since },
      { name: 'third.example', key: 'c', state: 'silent' },
    ],
  }
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(answer), { status: 200 }))
  draw(
    <QueryClientProvider client={new QueryClient()}>
      <ProofLine entry={entry} tenant="demo" zone="UTC" onCopy={() => {}} />
    </QueryClientProvider>,
  )
  expect(await screen.findByText(entryEn.proven)).toBeTruthy()
  expect(screen.getByText(entryEn.witnessRefuses('second.example', '2026-11-23 01:00:00'))).toBeTruthy()
  expect(screen.getByText(entryEn.witnessSilent('third.example'))).toBeTruthy()
  expect(screen.queryByText(/auditor\.example/)).toBeNull()
})

test('another key than the remembered one is refused, until the reader trusts it', async () => {
  localStorage.setItem(
    'oplog.logs',
    JSON.stringify([{ log: '/demo', key: key.replace('+', '-old+'), size: 1, root: entry.proof.path[0] }]),
  )
  vi.stubGlobal('location', { hostname: 'log.example.com' })
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ key }), { status: 200 }))
  const { person } = draw(
    <QueryClientProvider client={new QueryClient()}>
      <ProofLine entry={entry} tenant="demo" zone="UTC" onCopy={() => {}} />
    </QueryClientProvider>,
  )
  expect(await screen.findByText(entryEn.reasons.keyChanged, { exact: false })).toBeTruthy()
  await person.click(screen.getByRole('button', { name: entryEn.trustKey }))
  expect(await screen.findByText(entryEn.proven)).toBeTruthy()
})

test('a page that knows an earlier key asks for it again, before it says anything', async () => {
  const client = new QueryClient()
  client.setQueryData(['key'], { key: key.replace('+', '-old+') } satisfies VerifierKey)
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ key }), { status: 200 }))
  draw(
    <QueryClientProvider client={client}>
      <ProofLine entry={entry} tenant="demo" zone="UTC" onCopy={() => {}} />
    </QueryClientProvider>,
  )
  expect(await screen.findByText(entryEn.proven)).toBeTruthy()
})
