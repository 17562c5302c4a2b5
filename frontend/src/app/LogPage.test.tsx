// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor, within } from '@testing-library/react'
import { MemoryRouter, Route, Routes, useLocation } from 'react-router'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { draw, layOut } from '../../build/draw'
import { en } from '../i18n/en'
import { entryEn } from '../i18n/entry.en'
import { exportsEn } from '../i18n/exports.en'
import { queryKeys } from '../model/api/queryKeys'
import type { Session, Tenant } from '../model/api/types'
import type { Stale } from '../model/log/useStale'
import { SessionProvider } from '../model/session/session'
import { Toasts } from '../ui/Toasts'
import { LogPage } from './LogPage'

// The whole page, whose server is a table of answers: how its parts lead from one to another.

const tenant = { id: 'acme', name: 'Acme', time_zone: 'UTC', data_permission: true } as unknown as Tenant
const session = { username: 'ada', role: 'admin', locale: 'en', tenants: [tenant] } as unknown as Session

const entry = (seq: number) => ({
  seq,
  id: `e${seq}`,
  time: '2026-01-05T08:00:00Z',
  received_at: '2026-01-05T08:00:01Z',
  user: { id: `u${seq}`, name: `User ${seq}` },
  organization: { id: 'north', name: 'North' },
  module: 'email',
  operation: 'send',
  outcome: 'success',
})
const view = {
  id: 'v1',
  name: 'Sales',
  query: 'q=sale&weekday=1&range=today',
  own: true,
  made_by: 'ada',
  may_change: true,
}
const answers: [RegExp, unknown][] = [
  [/\/entries\/e(\d)/, entry(1)],
  [/\/entries\?/, { entries: [entry(2), entry(1)] }],
  [
    /\/summary\?/,
    {
      total: 2,
      from: '2026-01-05T00:00:00Z',
      to: '2026-01-06T00:00:00Z',
      histogram: { interval: '1h', buckets: [{ from: '2026-01-05T00:00:00Z', count: 2 }] },
      facets: { module: [], operation: [], user: [], role: [], outcome: [], organization: [] },
    },
  ],
  [/\/views$/, { views: [view] }],
  [/\/catalog$/, { modules: [], operations: [] }],
  [/\/organizations$/, [{ id: 'north', name: 'North' }]],
]

/** A stream on which nothing comes. */
class Silence extends EventTarget {
  close() {}
}

beforeEach(() => {
  layOut(1600, 600)
  vi.stubGlobal('innerWidth', 1600)
  vi.stubGlobal('EventSource', Silence)
  vi.stubGlobal('fetch', async (path: string) => {
    const answer = answers.find(([pattern]) => pattern.test(path))?.[1]
    return new Response(JSON.stringify(answer ?? { detail: `no answer to ${path}` }), { status: answer ? 200 : 404 })
  })
})
afterEach(() => vi.unstubAllGlobals())

const Address = () => {
  const { pathname, search } = useLocation()
  return <output>{pathname + search}</output>
}
const address = () => screen.getByText(/^\/t\/acme/).textContent ?? ''

async function open(path: string, of = tenant, quorum_lost?: Stale) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  client.setQueryData(queryKeys.readOnly, { read_only: false, quorum_lost })
  const drawn = draw(
    <QueryClientProvider client={client}>
      <Toasts>
        <SessionProvider value={session}>
          <MemoryRouter initialEntries={[`/t/acme/log${path}`]}>
            <Routes>
              <Route path="/t/:tenant/log/:entry?" element={<LogPage tenant={of} />} />
            </Routes>
            <Address />
          </MemoryRouter>
        </SessionProvider>
      </Toasts>
    </QueryClientProvider>,
  )
  await screen.findByText('User 2')
  return drawn
}

const focused = () => document.activeElement
const chips = () => screen.getByRole('group', { name: en.activeFilters })

test('the chip of the search leads to its box, that of an organization to the tree, also where it was put away', async () => {
  const { person } = await open('?q=sale&organization=north&range=today')
  await person.click(within(chips()).getByRole('button', { name: /sale$/ }))
  expect(focused()).toBe(screen.getByRole('searchbox'))
  await person.click(screen.getByRole('button', { name: en.collapsePanel }))
  await person.click(within(chips()).getByRole('button', { name: /North/ }))
  await waitFor(() => expect(focused()).toBe(screen.getByRole('treeitem', { name: /North/ })))
})

test('parameters of a link that cannot be read are named, with the period shown instead', async () => {
  const { person } = await open('?from=x&modul=sms')
  const notice = () => screen.queryByText(/could not be read/)
  expect((await screen.findByText(/could not be read/)).textContent).toBe(
    'Parameters of this link could not be read, and are ignored: from=x, modul=sms. The period shown is Mon 5 Jan 00:00 to now.',
  )
  expect(address()).toBe('/t/acme/log?range=last_7_days')
  await person.click(screen.getByRole('radio', { name: en.ranges.today }))
  await waitFor(() => expect(notice()).toBeNull())
})

test('without a quorum the histogram, its selection and the chip of the period end where the data does', async () => {
  await open('?range=today&from=2026-01-05T06:00:00Z', tenant, {
    since: '2026-01-05T20:00:07Z',
    nodes: 3,
    unreachable: 2,
  })
  const histogram = await screen.findByRole('group', { name: /^Operations per/ })
  expect(histogram.getAttribute('aria-label')).toMatch(/Mon 5 Jan 00:00 to 20:00:07.*Mon 5 Jan 06:00 to 20:00:07/)
  expect(chips().textContent).toContain('5 Jan 06:00 to 20:00:07')
  expect(document.body.innerHTML).not.toContain('to now')
})

test('of data of unknown age nothing ends now', async () => {
  await open('?range=today', tenant, { nodes: 3, unreachable: 2 })
  await screen.findByRole('group', { name: /Mon 5 Jan/ })
  expect(document.body.innerHTML).not.toContain('to now')
})

const ofView = 'A parameter of this view could not be read, and is ignored: weekday=1. The rows are not filtered by it.'

test('parameters of a saved view that cannot be read are named when it is opened, and the view is not the current one', async () => {
  const { person } = await open('?range=last_7_days')
  const openViews = () => person.click(screen.getByRole('button', { name: en.views }))
  await openViews()
  await person.click(await screen.findByRole('button', { name: 'Sales' }))
  expect((await screen.findByText(/could not be read/)).textContent).toBe(ofView)
  expect(address()).toBe('/t/acme/log?q=sale&range=today')
  await openViews()
  expect((await screen.findByRole('button', { name: 'Sales' })).getAttribute('aria-current')).toBeNull()
})

test('parameters of the default view that cannot be read are named, as those of a view', async () => {
  await open('', { ...tenant, start: { query: view.query } })
  expect((await screen.findByText(/could not be read/)).textContent).toBe(ofView)
  expect(address()).toBe('/t/acme/log?q=sale&range=today')
})

test.each([
  ['/x1?seq=99', 'There is no entry x1 with seq 99, or you may not see it. Seq 99 may belong to another entry.'],
  ['/~?seq=99', 'There is no entry with seq 99, or you may not see it.'],
  ['/x1?seq=a', 'The seq of this link is not a whole number of 1 or more, so no entry has it.'],
  ['/x1?', 'This entry does not exist, or you may not see it.'],
])('a link to no entry says what is wrong with it: %s', async (link, text) => {
  await open(`${link}&range=today`)
  const drawer = await screen.findByRole('complementary', { name: entryEn.entry })
  expect((await within(drawer).findByRole('status')).textContent).toBe(text)
})

test('when the last chip is removed, the search box has the focus', async () => {
  const { person } = await open('?q=sale&range=today')
  await person.click(screen.getByRole('button', { name: en.removeFilter(en.search) }))
  expect(address()).toBe('/t/acme/log?range=today')
  await waitFor(() => expect(focused()).toBe(screen.getByRole('searchbox')))
})

test('an entry opens beside its row, and closing it leads back there', async () => {
  const { person } = await open('?range=today')
  await person.keyboard('jj')
  await waitFor(() => expect(focused()?.textContent).toContain('User 1'))
  await person.keyboard('{Enter}')
  const drawer = await screen.findByRole('complementary', { name: entryEn.entry })
  expect(address()).toBe('/t/acme/log/e1?range=today&seq=1')
  expect(within(drawer).getByText(entryEn.position(2, 2))).toBeDefined()
  await person.click(within(drawer).getByRole('button', { name: entryEn.closeEntry }))
  expect(address()).toBe('/t/acme/log?range=today')
  await waitFor(() => expect(focused()?.textContent).toContain('User 1'))
})

test('Escape leaves what is selected in the histogram, z makes it the whole period', async () => {
  const selected = '?range=today&from=2026-01-05T01:00:00.000Z&to=2026-01-05T02:00:00.000Z'
  const { person, unmount } = await open(selected)
  await person.keyboard('{Escape}')
  expect(address()).toBe('/t/acme/log?range=today')
  unmount()
  await (await open(selected)).person.keyboard('z')
  expect(new URLSearchParams(address().split('?')[1]).has('range')).toBe(false)
})

test('where the archive does not answer, the list says where it ends, and that the rows are not counted', async () => {
  const usual = fetch
  const detail = 'Operations of 2025-12-01 to 2026-01-04 (UTC) are in the archive, which cannot be read for now.'
  const away = new Response(JSON.stringify({ detail, type: 'urn:oplog:archive-unavailable' }), { status: 503 })
  const short = {
    entries: [entry(2), entry(1)],
    next_cursor: 'c1',
    archive: 'unavailable',
    archive_before: '2026-01-05T00:00:00Z',
  }
  let isBack = false
  const asked: string[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (path.includes('cursor=c1')) {
      asked.push(path)
      return isBack ? new Response(JSON.stringify({ entries: [entry(3)] })) : away.clone()
    }
    if (path.includes('/entries?')) return new Response(JSON.stringify(short))
    return !isBack && path.includes('/summary?') ? away.clone() : usual(path, init)
  })
  const { person } = await open('?range=last_90_days')
  const line = 'Entries before Mon 5 Jan 00:00 are in the archive, which does not answer.'
  const foot = await screen.findByText(line, { exact: false })
  expect((await screen.findByRole('alert')).textContent).toContain(`These rows could not be counted: ${detail}`)
  expect(document.body.textContent).not.toMatch(/That is all|Loading more|No operation|2 operations/)
  expect(document.querySelector('.histogram')).toBeNull()
  expect(asked).toEqual([])

  await person.click(within(foot).getByRole('button', { name: en.retry }))
  await screen.findByText(line, { exact: false })
  expect(asked).toHaveLength(1)
  isBack = true
  await person.click(within(screen.getByText(line, { exact: false })).getByRole('button', { name: en.retry }))
  await screen.findByText('User 3')
  await waitFor(() => expect(screen.queryByText(line, { exact: false })).toBeNull())
  expect(screen.getByText(/That is all: 3 operations/)).toBeTruthy()
  await person.click(within(screen.getByRole('alert')).getByRole('button', { name: en.retry }))
  expect(await screen.findByText('2 operations')).toBeTruthy()
})

test('while rows are counted for long, they are not pale, and have no total of earlier filters beside them', async () => {
  const usual = fetch
  let count = () => {}
  const { person, container } = await open('?range=today')
  expect(await screen.findByText('2 operations')).toBeTruthy()
  const counted = new Promise<void>((done) => {
    count = done
  })
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (path.includes('/summary?')) await counted
    return usual(path, init)
  })
  await person.click(screen.getByRole('radio', { name: en.ranges.last_90_days }))
  await waitFor(() => expect(screen.queryByText('2 operations')).toBeNull())
  expect(screen.getByText('User 2')).toBeTruthy()
  expect(container.querySelector('.log-dimmed')).toBeNull()
  count()
  expect(await screen.findByText('2 operations')).toBeTruthy()
})

test('where every row is in the archive, which does not answer, nobody reads that there is none', async () => {
  const { person } = await open('?range=today')
  const detail = 'Operations of 2025-12-01 to 2025-12-31 (UTC) are in the archive, which cannot be read for now.'
  const usual = fetch
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) =>
    /\/(entries|summary)\?/.test(path)
      ? new Response(JSON.stringify({ detail, type: 'urn:oplog:archive-unavailable' }), { status: 503 })
      : usual(path, init),
  )
  await person.click(screen.getByRole('radio', { name: en.ranges.last_90_days }))
  expect((await screen.findByRole('alert')).textContent).toContain(en.couldNotRead(detail))
  expect(document.body.textContent).not.toMatch(/No operation/)
})

test('beside an entry, what needs the archive says so while it does not answer', async () => {
  const detail = 'Operations of 2025-12-01 to 2025-12-31 (UTC) are in the archive, which cannot be read for now.'
  const usual = fetch
  let history: unknown = { entries: [entry(1)], next_cursor: 'c1', archive: 'unavailable' }
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const away = new Response(JSON.stringify({ detail, type: 'urn:oplog:archive-unavailable' }), { status: 503 })
    if (/\/entries\/e1/.test(path))
      return new Response(JSON.stringify({ ...entry(1), content: { id: 'c7', name: 'Seven' } }))
    if (path.includes('content_id=c7')) return history ? new Response(JSON.stringify(history)) : away
    return /\/summary\?.*user=u1/.test(path) ? away : usual(path, init)
  })
  const first = await open('/e1')
  expect(await screen.findByText(entryEn.olderArchived, {}, { timeout: 15_000 })).toBeTruthy() // the drawer loads late
  expect(await screen.findByText(entryEn.sameUserFailed(detail))).toBeTruthy()
  first.unmount()
  history = undefined
  await open('/e1')
  expect(await screen.findByText(entryEn.historyFailed(detail))).toBeTruthy()
})

test('an export whose rows cannot be counted says why, and cannot be started', async () => {
  const { person } = await open('?range=today')
  const detail = 'Operations of 2025-12-01 to 2025-12-31 (UTC) are in the archive, which cannot be read for now.'
  const usual = fetch
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (path.endsWith('/exports')) return new Response(JSON.stringify({ exports: [] }))
    if (!path.includes('/summary?')) return usual(path, init)
    return new Response(JSON.stringify({ detail, type: 'urn:oplog:archive-unavailable' }), { status: 503 })
  })
  await person.click(screen.getByRole('radio', { name: en.ranges.last_90_days }))
  await person.click(screen.getByRole('button', { name: /^Export/ }))
  const dialog = within(await screen.findByRole('dialog'))
  expect((await dialog.findByRole('alert')).textContent).toContain(`The rows could not be counted: ${detail}`)
  expect(dialog.queryByText(exportsEn.counting)).toBeNull()
  expect(dialog.getByRole<HTMLButtonElement>('button', { name: /^Export/ }).disabled).toBe(true)
})
