import { expect, test } from 'vitest'
import { backupsEn } from '../../i18n/backups.en'
import { backupsZh } from '../../i18n/backups.zh'
import { everyText, momentText } from './backupTexts'

const now = Date.parse('2026-11-23T02:00:00Z') // 10:00 in Shanghai

test.each([
  ['2026-11-22T19:10:30Z', 'today 03:10', '今天 03:10'],
  ['2026-11-22T15:59:00Z', 'yesterday 23:59', '昨天 23:59'],
  ['2026-11-21T15:59:00Z', '2026-11-21 23:59', '2026-11-21 23:59'],
  ['2026-11-23T17:00:00Z', '2026-11-24 01:00', '2026-11-24 01:00'],
])('%s is shown by the days of the zone', (time, english, chinese) => {
  expect(momentText(time, 'Asia/Shanghai', now, backupsEn)).toBe(english)
  expect(momentText(time, 'Asia/Shanghai', now, backupsZh)).toBe(chinese)
})

test.each([
  [0, backupsEn.whenAsked],
  [60, 'Every minute'],
  [5400, 'Every 90 minutes'],
  [3600, 'Every hour'],
  [6 * 3600, 'Every 6 hours'],
  [86_400, 'Every day'],
  [7 * 86_400, 'Every 7 days'],
])('a schedule of %d seconds is said in its unit', (seconds, text) => {
  expect(everyText(seconds, backupsEn)).toBe(text)
})
