// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { backupsEn as messages } from '../../i18n/backups.en'
import { loadMessages } from '../../i18n/dictionaries'
import { LanguageProvider } from '../../i18n/language'
import type { BackupFile, Backups } from '../../model/api/types'
import { BackupsPart, BackupsState } from './BackupsPart'

afterEach(() => vi.unstubAllGlobals())

const time = new Date(Date.now() - 60_000).toISOString()
const state: Backups = {
  dir: '/srv/backup',
  every_seconds: 86_400,
  keep: 7,
  recipients: 0,
  overdue: false,
  next_at: time,
  files: [],
}
const file: BackupFile = { name: 'oplog-1.backup', bytes: 1_500_000, made_at: time, encrypted: false }
const proved = { name: file.name, made_at: time, proved_at: time, entries: 1200 }

const show = (change: Partial<Backups>) => draw(<BackupsState of={{ ...state, ...change }} zone="UTC" />)

test('a proved backup, its size and the schedule are shown', () => {
  show({ last_proved: proved, files: [{ ...file, proved_at: time, entries: 1200 }] })
  expect(screen.getByText(/^Last proved restorable: (to|yester)day \d\d:\d\d$/)).toBeTruthy()
  expect(screen.getByRole('table', { name: messages.backups }).textContent).toContain('1.5 MB')
  expect(screen.getByText('1,200 entries verified')).toBeTruthy()
  expect(screen.getByText(/^Every day\. The last 7 proved ones are kept in \/srv\/backup\. Next: /)).toBeTruthy()
  expect(screen.queryByRole('alert')).toBeNull()
})

test('sentences in Chinese have no space between them', async () => {
  await loadMessages('zh-CN')
  const failure = { at: time, error: '目录不存在。' }
  draw(
    <LanguageProvider tag="zh-CN">
      <BackupsState of={{ ...state, recipients: 2 }} zone="UTC" />
      <BackupsState of={{ ...state, failure }} zone="UTC" />
    </LanguageProvider>,
  )
  expect(
    screen.getByText(/^每天一次。在 \/srv\/backup 中保留最近 7 个已通过验证的备份。下次备份：[^ ]+ [\d:]+。使用/),
  ).toBeTruthy()
  expect(screen.getByRole('alert').textContent).toMatch(/目录不存在。下次重试：/)
  expect(document.body.textContent).not.toContain('。 ')
})

test('an overdue backup and its reason are alerts that say what to do', () => {
  const failure = { at: time, error: 'The backup directory /srv/backup does not exist. Mount or create it.' }
  show({ overdue: true, failure, files: [{ ...file, failure }] })
  const alerts = screen.getAllByRole('alert').map((alert) => alert.textContent)
  expect(alerts[0]).toBe(messages.overdue(undefined))
  expect(alerts[1]).toContain(failure.error)
  expect(alerts[1]).toContain('Next attempt:')
  expect(screen.getByText(messages.notRestored)).toBeTruthy()
})

test('what an encrypted backup shows is said', () => {
  show({ recipients: 2, files: [{ ...file, encrypted: true }] })
  expect(screen.getByText(new RegExp(messages.encryptedTo(2)))).toBeTruthy()
  expect(screen.getByText(messages.encrypted)).toBeTruthy()
  expect(screen.getByText(messages.unproved)).toBeTruthy()
})

test('what a backup relies on is said, in both languages', async () => {
  await loadMessages('zh-CN')
  const files = [
    { ...file, relies_on: { days: 164, entries: 39_370, first: '2025-09-26', last: '2026-03-08' } },
    { ...file, name: 'oplog-0.backup' },
  ]
  show({ files })
  expect(screen.getAllByText(/^without /).map((one) => one.textContent)).toEqual([
    'without 39,370 archived entries of 164 days, 2025-09-26 to 2026-03-08',
  ])
  expect(screen.getByText(new RegExp(`${messages.archiveToo}$`))).toBeTruthy()
  draw(
    <LanguageProvider tag="zh-CN">
      <BackupsState of={{ ...state, files }} zone="UTC" />
    </LanguageProvider>,
  )
  expect(screen.getByText('不含 164 天的 39,370 条已归档记录，2025-09-26 至 2026-03-08')).toBeTruthy()
  expect(screen.getByText(/请同时备份归档所在的数据库。$/)).toBeTruthy()
})

test('without days that are in the archive alone, backups say nothing of it', () => {
  show({ files: [file] })
  expect(document.body.textContent).not.toContain('archive')
})

test('an owner has one made now, and sees its progress', async () => {
  let running: Backups['running']
  const sent: unknown[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    sent.push(`${init.method} ${path}`)
    if (init.method === 'POST') running = { phase: 'write', began_at: time, done: 50, bytes: 200 }
    return new Response(JSON.stringify({ ...state, ...(running && { running }) }))
  })
  const { person } = draw(
    <QueryClientProvider client={new QueryClient()}>
      <BackupsPart zone="UTC" />
    </QueryClientProvider>,
  )
  await person.click(await screen.findByRole('button', { name: messages.backUpNow }))
  expect(await screen.findByText(messages.phases.write(25))).toBeTruthy()
  await waitFor(() => expect(screen.getByRole('button').getAttribute('aria-busy')).toBe('true'))
  expect(sent.filter((one) => one === 'POST /api/v1/system/backups')).toHaveLength(1)
})

test('without a directory, how to have backups is said', async () => {
  vi.stubGlobal('fetch', async () => {
    const { dir: _, ...none } = { ...state, every_seconds: 0 }
    return new Response(JSON.stringify(none))
  })
  draw(
    <QueryClientProvider client={new QueryClient()}>
      <BackupsPart zone="UTC" />
    </QueryClientProvider>,
  )
  expect(await screen.findByText(messages.notSetUp)).toBeTruthy()
  expect(screen.queryByRole('button')).toBeNull()
})
