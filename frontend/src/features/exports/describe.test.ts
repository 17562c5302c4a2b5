import { expect, test } from 'vitest'
import { en as commonEn } from '../../i18n/en'
import { exportsEn } from '../../i18n/exports.en'
import { exportsZh } from '../../i18n/exports.zh'
import { zh as commonZh } from '../../i18n/zh'
import { ApiProblem, loadProblemMessages, setProblemTexts } from '../../lib/problem'
import { sizeText } from '../../lib/size'
import type { Export } from '../../model/api/types'
import { titlesOf } from '../../model/log/catalog'
import { exportContent, exportFailure, exportPeriod, refusalText, remainingTime } from './describe'

const en = { ...commonEn, ...exportsEn }
const zh = { ...commonZh, ...exportsZh }
const titles = titlesOf(
  {
    modules: [],
    operations: ['delete', 'send', 'batch_delete'].map((key) => ({
      key,
      title: { en: key.toUpperCase(), 'zh-CN': key },
      group: 'change',
    })),
  },
  'en',
)
const one: Export = {
  id: 'x',
  status: 'done',
  rows_done: 1,
  rows_total: 1,
  format: 'csv',
  range: 'last_90_days',
  filters: {},
  file_name: 'x.csv',
  size: 1,
  created_by: {},
  created_at: '2026-11-20T08:40:00Z',
}

const same = (id: string) => id

test('what it holds', () => {
  expect(exportContent(one, titles, same, en)).toBe('All operations')
  const east = { ...one, filters: { organization: ['east'] } }
  expect(exportContent(east, titles, () => '华东大区 East China', en)).toBe('华东大区 East China')
  const emma = { ...one, filters: { user: ['u_1', 'u_2'] }, user_names: { u_1: 'Emma' } }
  expect(exportContent(emma, titles, same, en)).toBe('Emma, u_2')
  expect(exportContent(emma, titles, same, zh)).toBe('Emma、u_2')
  expect(exportContent({ ...one, filters: emma.filters }, titles, same, en)).toBe('u_1, u_2')
  const filters = { q: '返场', operation: ['delete', 'send', 'batch_delete'] }
  expect(exportContent({ ...one, filters }, titles, same, en)).toBe('“返场”, DELETE, SEND +1')
  const excluding = {
    user: ['u_1'],
    not_operation: ['delete', 'send'],
    outcome: ['failure' as const],
    not_ip: ['10.0.0.0/8'],
  }
  const names = { u_1: 'Emma' }
  expect(exportContent({ ...one, filters: excluding, user_names: names }, titles, same, en)).toBe(
    'Emma, not DELETE, SEND, Failed, not 10.0.0.0/8',
  )
  expect(exportContent({ ...one, filters: excluding, user_names: names }, titles, same, zh)).toBe(
    'Emma、排除 DELETE、SEND、失败、排除 10.0.0.0/8',
  )
})

test('its period', () => {
  expect(exportPeriod(one, 'Asia/Shanghai', en)).toBe('last 90 days')
  const custom = { ...one, range: 'custom' as const, from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' }
  expect(exportPeriod(custom, 'Asia/Shanghai', en)).toBe('2026-11-01 08:00 to 2026-11-02 08:00')
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [148_200, '148 KB'],
  [999_600, '1.0 MB'],
  [3_220_000_000, '3.2 GB'],
])('%d bytes', (bytes, want) => {
  expect(sizeText(bytes)).toBe(want)
})

test('how long it is kept', () => {
  const now = Date.parse('2026-11-20T08:00:00Z')
  expect(remainingTime({ ...one, expires_at: '2026-11-26T09:00:00Z' }, now, en)).toBe('6 days')
  expect(remainingTime({ ...one, expires_at: '2026-11-20T12:30:00Z' }, now, en)).toBe('4 hours')
  expect(remainingTime(one, now, en)).toBeUndefined()
})

test('why one could not be started', () => {
  const refused = (status: number) => new ApiProblem(status, { detail: 'You have 100 exports, the limit.' })
  expect([429, 507].map((status) => refusalText(refused(status), en))).toEqual(
    Array(2).fill('You have 100 exports, the limit.'),
  )
  expect(refusalText(refused(429), zh)).toContain('已达上限。请删除不再需要的导出')
  expect(refusalText(refused(507), zh)).toContain('剩余空间仅供记录日志使用')
})

test('an export says in the language of the console why it failed', async () => {
  const failed: Export = {
    ...one,
    status: 'failed',
    error: 'The store has only 3 of the 4 operations that it had when the export started.',
    error_reason: 'export-incomplete',
    error_params: { found: 3, expected: 4 },
  }
  expect(exportFailure(one)).toBeUndefined()
  expect(exportFailure(failed)).toBe(failed.error)
  setProblemTexts('zh-CN', '')
  await loadProblemMessages()
  expect(exportFailure(failed)).toContain('4 条操作中的 3 条')
  const { error_reason, error_params, ...earlier } = failed
  expect(exportFailure(earlier)).toBe(failed.error)
  setProblemTexts('en', '')
})
