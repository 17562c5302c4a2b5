// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import '../../../build/draw'
import { type LocaleTag, loadMessages } from '../../i18n/dictionaries'
import { LanguageProvider } from '../../i18n/language'
import { listEn } from '../../i18n/list.en'
import { readOnlyEn } from '../../i18n/readOnly.en'
import { readOnlyZh } from '../../i18n/readOnly.zh'
import { queryKeys } from '../../model/api/queryKeys'
import type { Summary } from '../../model/api/types'
import { readFilters } from '../../model/log/filters'
import type { Stale } from '../../model/log/useStale'
import { LiveControls } from './LiveControls'
import { SummaryLine } from './SummaryLine'

afterEach(() => vi.unstubAllGlobals())

const now = Date.parse('2026-11-18T11:02:10Z')
const summary = { total: 1842, from: '2026-11-17T16:00:00Z', to: '2026-11-18T11:02:00Z' } as Summary
const lost = { since: '2026-11-18T10:52:07Z', nodes: 3, unreachable: 2 }

/** Draws the line over the rows, with its switch, and counts the live streams that are opened. */
function line(quorum_lost: Stale | undefined, tag: LocaleTag = 'en', to = summary.to) {
  const opened = vi.fn()
  vi.stubGlobal(
    'EventSource',
    class {
      constructor() {
        opened()
      }
      addEventListener() {}
      close() {}
    },
  )
  const client = new QueryClient()
  client.setQueryData(queryKeys.readOnly, { read_only: false, quorum_lost })
  const filters = readFilters(new URLSearchParams(to === summary.to ? 'range=today' : `from=${summary.from}&to=${to}`))
  render(
    <LanguageProvider tag={tag}>
      <QueryClientProvider client={client}>
        <SummaryLine
          summary={{ ...summary, to }}
          filters={filters}
          zone="Asia/Shanghai"
          now={now}
          scope={undefined}
          onFreeze={undefined}
        >
          <LiveControls
            tenant="acme"
            query=""
            possible
            refused={false}
            on
            total={1842}
            readAt={now}
            onTurn={() => {}}
            onShow={() => {}}
            onBack={() => {}}
          />
        </SummaryLine>
      </QueryClientProvider>
    </LanguageProvider>,
  )
  return { client, opened }
}

const words = () => screen.getAllByRole('status')[0]?.textContent

test('with a quorum the line ends now, and live is on', () => {
  const { opened } = line(undefined)
  expect(words()).toBe('1,842 operations, Wed 18 Nov 00:00 to now')
  expect(screen.getByRole('switch', { name: listEn.live, checked: true })).toBeTruthy()
  expect(opened).toHaveBeenCalledTimes(1)
})

test('without a quorum the line ends where the data does, and live is off and says why', async () => {
  const { opened } = line(lost)
  await screen.findByText(readOnlyEn.liveOff)
  await vi.waitFor(() => expect(words()).toBe('1,842 operations, Wed 18 Nov 00:00 to 18:52:07'))
  const live = screen.getByRole<HTMLButtonElement>('switch', { name: listEn.live, checked: false })
  expect(live.disabled).toBe(true)
  expect(opened).not.toHaveBeenCalled()
})

test('live is on again with the quorum', async () => {
  const { client, opened } = line(lost)
  await screen.findByText(readOnlyEn.liveOff)
  client.setQueryData(queryKeys.readOnly, { read_only: false })
  await vi.waitFor(() => expect(words()).toBe('1,842 operations, Wed 18 Nov 00:00 to now'))
  expect(screen.queryByText(readOnlyEn.liveOff)).toBeNull()
  expect(opened).toHaveBeenCalledTimes(1)
})

test('the same in Chinese', async () => {
  await loadMessages('zh-CN')
  line(lost, 'zh-CN')
  await screen.findByText(readOnlyZh.liveOff)
  await vi.waitFor(() => expect(words()).toBe('共 1,842 条操作，11月18日（周三）00:00 至 18:52:07'))
})

test('of data of unknown age only the start is said', async () => {
  line({ nodes: 3, unreachable: 2 })
  await vi.waitFor(() => expect(words()).toBe('1,842 operations, since Wed 18 Nov 00:00, as far as this node has it'))
})

test('a period that ended before stays as it is', async () => {
  line(lost, 'en', '2026-11-18T08:00:00Z')
  await vi.waitFor(() => expect(words()).toBe('1,842 operations, Wed 18 Nov 00:00 to 16:00'))
})
