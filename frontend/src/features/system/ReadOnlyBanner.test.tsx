// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { MemoryRouter } from 'react-router'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { type LocaleTag, loadMessages } from '../../i18n/dictionaries'
import { LanguageProvider } from '../../i18n/language'
import { readOnlyEn } from '../../i18n/readOnly.en'
import { exactTime } from '../../lib/time/zone'
import { staleEvent } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { ServerStatus, Session } from '../../model/api/types'
import { SessionProvider } from '../../model/session/session'
import ReadOnlyBanner from './ReadOnlyBanner'

afterEach(() => vi.unstubAllGlobals())

const acme = { id: 'acme', name: 'Acme', time_zone: 'Asia/Shanghai' } as Session['tenants'][number]

function drawFor(
  role: Session['role'],
  readOnly: boolean,
  quorumLost?: ServerStatus['quorum_lost'],
  tag: LocaleTag = 'en',
) {
  const answer = vi.fn(async () => new Response(JSON.stringify({ read_only: readOnly, quorum_lost: quorumLost })))
  vi.stubGlobal('fetch', answer)
  const session: Session = { username: 'ada', role, locale: 'en', tenants: [acme] }
  const client = new QueryClient()
  draw(
    <LanguageProvider tag={tag}>
      <QueryClientProvider client={client}>
        <MemoryRouter initialEntries={['/t/acme/log']}>
          <SessionProvider value={session}>
            <ReadOnlyBanner />
          </SessionProvider>
        </MemoryRouter>
      </QueryClientProvider>
    </LanguageProvider>,
  )
  return Object.assign(answer, { client })
}

/** Ten minutes ago, and how that reads in the tenant's zone. */
function tenMinutesAgo() {
  const since = new Date(Date.now() - 605_000)
  const [date, time] = exactTime(since.toISOString(), 'Asia/Shanghai').split(' ')
  const today = exactTime(new Date().toISOString(), 'Asia/Shanghai').startsWith(date as string)
  return { since: since.toISOString(), moment: today ? time : `${date} ${time}` }
}

test('a read-only log is said, and where admins find the reason', async () => {
  drawFor('admin', true)
  expect((await screen.findByRole('alert')).textContent).toBe(`${readOnlyEn.readOnly} ${readOnlyEn.readOnlyReason}`)
})

test('auditors are not sent to a page that they do not have', async () => {
  drawFor('auditor', true)
  expect((await screen.findByRole('alert')).textContent).toBe(readOnlyEn.readOnly)
})

test('nothing is said while the log is recorded', async () => {
  const answer = drawFor('admin', false)
  await waitFor(() => expect(answer).toHaveBeenCalled())
  expect(screen.queryByRole('alert')).toBeNull()
})

test('without a quorum, how old the data is, is said until it is back', async () => {
  const { since, moment } = tenMinutesAgo()
  const answer = drawFor('owner', false, { since, nodes: 3, unreachable: 2 })
  const alert = await screen.findByRole('alert')
  const told = `Two of three nodes are unreachable: new operations are not being recorded. You see this node's data as of ${moment}`
  expect(alert.textContent).toBe(told)
  expect(alert.parentElement?.textContent).toBe(`${told} (10 min ago). Senders get 503 and must retry. What to do`)
  expect(screen.getByRole('link', { name: readOnlyEn.whatToDo }).getAttribute('href')).toBe('/t/acme/settings/system')
  answer.mockImplementation(async () => new Response(JSON.stringify({ read_only: false })))
  await answer.client.invalidateQueries({ queryKey: queryKeys.readOnly })
  await waitFor(() => expect(screen.queryByRole('alert')).toBeNull())
})

test('without a quorum, the sentences are Chinese where the console is', async () => {
  await loadMessages('zh-CN')
  const { since, moment } = tenMinutesAgo()
  drawFor('auditor', false, { since, nodes: 3, unreachable: 2 }, 'zh-CN')
  expect((await screen.findByRole('alert')).parentElement?.textContent).toBe(
    `三个节点中有两个离线，暂停记录。当前显示本节点截至 ${moment} 的数据（10 分钟前）。发送方收到 503，应重试。`,
  )
  expect(screen.queryByRole('link')).toBeNull()
})

test('the alert is read once: it stays as it is while the data grows older', async () => {
  const { since } = tenMinutesAgo()
  const { client } = drawFor('auditor', false, { since, nodes: 3, unreachable: 2 })
  const alert = await screen.findByRole('alert')
  const [text, before] = [alert.textContent, alert.parentElement?.textContent]
  const later = Date.now() + 60_000
  client.setQueryData(
    queryKeys.readOnly,
    { read_only: false, quorum_lost: { since, nodes: 3, unreachable: 2 } },
    { updatedAt: later },
  )
  await waitFor(() => expect(alert.parentElement?.textContent).toContain('11 min ago'))
  expect(before).toContain('10 min ago')
  expect(screen.getByRole('alert')).toBe(alert)
  expect(alert.textContent).toBe(text)
})

test('an answer that may be old is a reason to ask, and all is read again once the quorum is back', async () => {
  const answer = drawFor('auditor', false)
  await waitFor(() => expect(answer).toHaveBeenCalledTimes(1))
  const read = queryKeys.catalog('acme')
  answer.client.setQueryData(read, {})
  await new Promise((resolve) => setTimeout(resolve, 20))
  const lost = { nodes: 3, unreachable: 2 }
  answer.mockImplementation(async () => new Response(JSON.stringify({ read_only: false, quorum_lost: lost })))
  window.dispatchEvent(new Event(staleEvent))
  await screen.findByRole('alert')
  expect(answer.client.getQueryState(read)?.isInvalidated).toBe(false)
  answer.mockImplementation(async () => new Response(JSON.stringify({ read_only: false })))
  await answer.client.invalidateQueries({ queryKey: queryKeys.readOnly })
  await waitFor(() => expect(answer.client.getQueryState(read)?.isInvalidated).toBe(true))
})

test('a read-only disk is told before a lost quorum', async () => {
  drawFor('auditor', true, { nodes: 3, unreachable: 1 })
  expect((await screen.findByRole('alert')).textContent).toBe(readOnlyEn.readOnly)
})

test('of data of unknown age, that is said', async () => {
  drawFor('auditor', false, { nodes: 5, unreachable: 0 })
  expect((await screen.findByRole('alert')).textContent).toContain(
    `The five nodes have no leader: new operations are not being recorded. ${readOnlyEn.asOfUnknown}`,
  )
})
