// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { checksEn as messages } from '../../i18n/checks.en'
import { checksZh } from '../../i18n/checks.zh'
import type { Checks, Finding } from '../../model/api/types'
import { ChecksPart, Findings } from './ChecksPart'
import { findingTexts } from './checkTexts'

afterEach(() => vi.unstubAllGlobals())

const low: Finding = {
  check: 'disk',
  code: 'disk-low',
  level: 'warning',
  fact: 'of the server',
  params: { dir: '/var/lib/oplog', free: 2_500_000_000, total: 100_000_000_000, reserve: 1_073_741_824 },
}
const gone: Finding = {
  check: 'backup',
  code: 'backup-dir-gone',
  level: 'error',
  fact: 'of the server',
  params: { dir: '/srv/backup' },
}
const files: Finding = {
  check: 'files',
  code: 'files-enough',
  level: 'ok',
  fact: 'of the server',
  params: { limit: 65536 },
}
const clock: Finding = {
  check: 'clock',
  code: 'clock-near',
  level: 'ok',
  fact: 'of the server',
  params: { clock: '2026-11-22T08:00:00Z' },
}

const state: Checks = { checked_at: new Date(Date.now() - 120_000).toISOString(), findings: [low, files, gone, clock] }

test('what has to be fixed comes first with what to do, and what is good in one row', async () => {
  const { person } = draw(<Findings of={state} zone="Asia/Shanghai" />)
  const rows = () => screen.getAllByRole('listitem').map((row) => row.textContent ?? '')
  expect(rows()).toHaveLength(3)
  expect(rows()[0]).toBe(`${messages.levels.error}The backup directory /srv/backup does not existMount or create it.`)
  expect(rows()[1]).toContain(
    'Only 2.5 GB of 100 GB are free on the disk of /var/lib/oplog; the last 1.1 GB are for recording alone',
  )
  expect(rows()[1]).toContain('Delete exports')
  expect(rows()[2]).toContain('2 checks are fine: open files, clock')
  expect(rows()[2]).toMatch(/Checked 2 min/)
  await person.click(screen.getByRole('button', { name: messages.showAll }))
  expect(rows()).toHaveLength(5)
  expect(rows()[3]).toContain('The server may open 65,536 files')
  expect(rows()[4]).toContain('The clock shows 2026-11-22 16:00:00, in agreement with the log')
  await person.click(screen.getByRole('button', { name: messages.showLess }))
  expect(rows()).toHaveLength(3)
})

test('texts are in both languages; what is not known is as the server says it', () => {
  expect(findingTexts(gone, 'UTC', checksZh)).toEqual({
    fact: '备份目录 /srv/backup 不存在',
    advice: '请挂载或创建该目录。',
  })
  const silent: Finding = {
    check: 'clock',
    code: 'clock-ahead',
    level: 'warning',
    fact: 'x',
    params: { clock: '2026-11-22T08:00:00Z', ahead: 9 * 86_400 },
  }
  expect(findingTexts(silent, 'UTC', checksZh).fact).toBe('时钟显示 2026-11-22 08:00:00，距日志上次使用已有 9 天')
  expect(findingTexts({ ...gone, code: 'newer', fact: 'A fact', advice: 'Do this.' }, 'UTC', checksZh)).toEqual({
    fact: 'A fact',
    advice: 'Do this.',
  })
})

test('an owner has the checks made again', async () => {
  let asked = 0
  vi.stubGlobal('fetch', async () => {
    asked++
    return new Response(JSON.stringify(asked === 1 ? state : { ...state, findings: [files] }))
  })
  const { person } = draw(
    <QueryClientProvider client={new QueryClient()}>
      <ChecksPart zone="UTC" />
    </QueryClientProvider>,
  )
  expect(await screen.findByText(messages.levels.error)).toBeTruthy()
  await person.click(screen.getByRole('button', { name: messages.run }))
  await waitFor(() => expect(screen.queryByText(messages.levels.error)).toBeNull())
  expect(screen.getByText(/1 check is fine: open files/)).toBeTruthy()
})
