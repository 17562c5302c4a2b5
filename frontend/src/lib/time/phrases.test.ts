import { expect, test } from 'vitest'
import { en } from '../../i18n/en'
import { zh } from '../../i18n/zh'
import { exactPeriod, longMoment, longPeriod, relativeTime, shortMoment, shortPeriod } from './phrases'

const zone = 'Asia/Shanghai'
const now = Date.parse('2026-11-20T08:42:09Z')

test('moments', () => {
  const noon = Date.parse('2026-11-18T04:00:00Z')
  expect(shortMoment(noon, zone, en)).toBe('18 Nov 12:00')
  expect(longMoment(noon, zone, en, now)).toBe('Wed 18 Nov 12:00')
  expect(longMoment(noon, zone, zh, now)).toBe('11月18日（周三）12:00')
  expect(longMoment(Date.parse('2025-11-18T04:00:07Z'), zone, en, now)).toBe('Tue 18 Nov 2025 12:00:07')
})

test.each([
  ['2026-11-20T08:42:09Z', 'just now', '刚刚'],
  ['2026-11-20T08:41:39Z', '30 s ago', '30 秒前'],
  ['2026-11-20T08:41:07Z', '1 min ago', '1 分钟前'],
  ['2026-11-20T07:40:57Z', '1 h ago', '1 小时前'],
  ['2026-11-18T07:40:57Z', '2 days ago', '2 天前'],
  ['2026-11-12T07:40:57Z', 'Thu', '周四'],
  ['2026-11-20T09:42:09Z', 'in the future', '晚于当前时间'],
])('%s is %s', (time, english, chinese) => {
  expect(relativeTime(Date.parse(time), zone, en, now)).toBe(english)
  expect(relativeTime(Date.parse(time), zone, zh, now)).toBe(chinese)
})

test('a period names its day once', () => {
  const from = Date.parse('2026-11-20T00:15:00Z')
  const hour = 3_600_000
  expect(shortPeriod(from, from + hour, zone, en)).toBe('20 Nov 08:15 to 09:15')
  expect(shortPeriod(from, from + hour, zone, zh)).toBe('11月20日 08:15 至 09:15')
  expect(longPeriod(from, from + 24 * hour, zone, en, now)).toBe('Fri 20 Nov 08:15 to Sat 21 Nov 08:15')
  expect(longPeriod(from, undefined, zone, zh, now)).toBe('11月20日（周五）08:15 至今')
})

test('a period of whole days names the days', () => {
  const midnight = Date.parse('2026-11-25T16:00:00Z')
  const day = 86_400_000
  expect(shortPeriod(midnight, midnight + day, zone, en)).toBe('26 Nov')
  expect(shortPeriod(midnight, midnight + 2 * day, zone, en)).toBe('26 Nov to 27 Nov')
  expect(shortPeriod(midnight, midnight + 2 * day, zone, zh)).toBe('11月26日 至 11月27日')
  expect(longPeriod(midnight, midnight + 2 * day, zone, en, now)).toBe('Thu 26 Nov to Fri 27 Nov')
  expect(longPeriod(midnight, midnight + 2 * day, zone, zh, now)).toBe('11月26日（周四）至 11月27日（周五）')
  expect(longPeriod(midnight, midnight + day, zone, zh, Date.parse('2027-01-01T00:00:00Z'))).toBe(
    '2026年11月26日（周四）',
  )
  expect(exactPeriod(midnight, midnight + day, zone, en)).toBe('2026-11-26')
  expect(exactPeriod(midnight, midnight + 2 * day, zone, en)).toBe('2026-11-26 to 2026-11-27')
  expect(exactPeriod(midnight, midnight + 1.5 * day, zone, en)).toBe('2026-11-26 00:00 to 2026-11-27 12:00')
})

test('the hour that the clocks show twice says which of the two it is', () => {
  const hour = 3_600_000
  const first = Date.parse('2026-10-25T00:00:00Z')
  const berlin = 'Europe/Berlin'
  expect(shortPeriod(first, first + hour, berlin, en)).toBe('25 Oct 02:00 UTC+2 to 02:00 UTC+1')
  expect(shortPeriod(first + hour, first + 2 * hour, berlin, en)).toBe('25 Oct 02:00 UTC+1 to 03:00')
  expect(longMoment(first + hour, berlin, zh, first)).toBe('10月25日（周日）02:00 UTC+1')
})
