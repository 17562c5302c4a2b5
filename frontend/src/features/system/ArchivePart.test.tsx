// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor, within } from '@testing-library/react'
import type { ReactElement } from 'react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { archiveEn as messages } from '../../i18n/archive.en'
import { en } from '../../i18n/en'
import type { Archive, ArchiveServer, ArchiveTenant, Tenant, TenantArchive } from '../../model/api/types'
import { ArchivePart, TenantArchivePart } from './ArchivePart'

afterEach(() => vi.unstubAllGlobals())

const big: ArchiveTenant = {
  tenant: 'pos',
  name: 'Store POS',
  archive_after: 90,
  days: 810,
  removed_days: 803,
  entries: 6_104_377_918,
  removed_entries: 6_000_000_000,
  entries_here: 2_000_000_000,
  first: '2024-06-06',
  last: '2026-08-24',
  due: 3,
  lag_days: 4,
  shipping: '2026-08-25',
  last_error: 'https://ch1:8443: quorum is not there',
  last_error_at: '2026-11-23T04:31:00Z',
  last_verified_at: '2026-11-22T04:31:00Z',
}
const small: ArchiveTenant = {
  tenant: 'hq',
  name: 'HQ',
  days: 0,
  removed_days: 0,
  entries: 0,
  removed_entries: 0,
  due: 0,
  lag_days: 0,
}
const server = (name: string, shard: number, change: Partial<ArchiveServer> = {}): ArchiveServer => ({
  url: `https://${name}:8443`,
  shard,
  reachable: true,
  rows: 3_000_000,
  ...change,
})
const whole: Archive = {
  configured: true,
  servers: [server('ch1', 0), server('ch2', 0), server('ch3', 1)],
  tenants: [big, small],
}
const tenant = { id: 'pos', name: 'Store POS', time_zone: 'UTC' } as unknown as Tenant

function open(state: Archive | TenantArchive | Promise<Response>, part: ReactElement = <ArchivePart zone="UTC" />) {
  vi.stubGlobal('fetch', async () => (state instanceof Promise ? state : new Response(JSON.stringify(state))))
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  return draw(<QueryClientProvider client={client}>{part}</QueryClientProvider>)
}

const rowsOf = async (name: string) =>
  within(await screen.findByRole('table', { name }))
    .getAllByRole('row')
    .map((row) => row.textContent)

test('each tenant is shown with what is where, the lag, and why archiving fails', async () => {
  open(whole)
  const rows = await rowsOf(messages.archive)
  expect(rows[1]).toBe(
    'Store POSarchived after 90 days2,000,000,0006,104,377,918810 days, 2024-06-06 to 2026-08-246,000,000,00075%' +
      '4 days3 days to archivesending 2026-08-25Failed at 2026-11-23 04:31:00: https://ch1:8443: quorum is not there2026-11-22 04:31:00',
  )
  expect(rows[2]).toBe('HQarchives no more daysUnknown00NoneNot yet')
  expect(await rowsOf(messages.servers)).toEqual([
    'ServerShardEntriesState',
    'https://ch1:844313,000,000Answers',
    'https://ch2:844313,000,000Answers',
    'https://ch3:844323,000,000Answers',
  ])
  expect(screen.queryByRole('alert')).toBeNull()
})

test('a server that is away, or lacks days, is shown as such; a whole shard that is away is an alert', async () => {
  const missing = ['pos/1', 'pos/2', 'pos/3', 'pos/4', 'pos/5']
  const servers = [
    server('ch1', 0, { reachable: false, error: 'connection refused', rows: 0 }),
    server('ch2', 0, { missing, unknown: ['pos/9 2'] }),
    server('ch3', 1, { reachable: false, error: 'time-out', rows: 0 }),
  ]
  open({ ...whole, servers })
  expect((await screen.findByRole('alert')).textContent).toBe(messages.away('2'))
  expect(await rowsOf(messages.servers)).toEqual([
    'ServerShardEntriesState',
    'https://ch1:84431Cannot be usedconnection refused',
    'https://ch2:844313,000,000Lacks 5 dayspos/1, pos/2, pos/3 and 2 more1 shipment of unknown originpos/9 2',
    'https://ch3:84432Cannot be usedtime-out',
  ])
})

test('where no server is left, the alert names the archive and not its shards', async () => {
  open({ ...whole, servers: [server('ch1', 0, { reachable: false, error: 'no answer within 3s', rows: 0 })] })
  expect((await screen.findByRole('alert')).textContent).toBe(messages.awayHere)
})

test('while the servers are asked, the page says so; an error can be tried again', async () => {
  let answer: (of: Response) => void = () => {}
  const asked = new Promise<Response>((resolve) => {
    answer = resolve
  })
  const { person } = open(asked)
  expect((await screen.findByRole('status')).textContent).toBe(messages.asking)
  answer(new Response(JSON.stringify({ detail: 'The disk is full.' }), { status: 507 }))
  expect((await screen.findByRole('alert')).textContent).toContain(messages.askFailed('The disk is full.'))
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(whole)))
  await person.click(screen.getByRole('button', { name: en.retry }))
  await screen.findByRole('table', { name: messages.servers })
  expect(screen.queryByRole('alert')).toBeNull()
})

test('without an archive one line says so; with days there that cannot be read it is an alert', async () => {
  const first = open({ configured: false, servers: [], tenants: [] })
  expect(await screen.findByText(messages.nothing)).toBeTruthy()
  first.unmount()
  open({ configured: false, servers: [], tenants: [big] })
  expect((await screen.findByRole('alert')).textContent).toBe(messages.notConfigured)
  expect(await rowsOf(messages.archive)).toHaveLength(2)
})

test('an admin sees the own tenant, and nothing without an archive', async () => {
  const part = <TenantArchivePart tenant={tenant} />
  const first = open({ configured: true, reachable: false, tenant: big }, part)
  expect((await screen.findByRole('alert')).textContent).toBe(messages.awayHere)
  expect(await rowsOf(messages.archive)).toHaveLength(2)
  expect(screen.queryByRole('table', { name: messages.servers })).toBeNull()
  first.unmount()
  const { container } = open({ configured: true, reachable: true }, part)
  await waitFor(() => expect(container.textContent).toBe(''))
})
