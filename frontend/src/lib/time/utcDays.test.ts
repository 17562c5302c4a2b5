import { expect, test } from 'vitest'
import { adminEn } from '../../i18n/admin.en'
import { adminZh } from '../../i18n/admin.zh'
import { daysSpan, inUtcAndZone, nextDay, spanTexts, utcDaysOf } from './utcDays'

const at = (text: string) => Date.parse(`${text.length === 10 ? `${text}T00:00` : text}Z`)

// The days that are chosen, and the UTC days that hold them; oplog/days_test.go has the same.
const chosen: [zone: string, from: string, to: string, utcFrom: string, utcUntil: string][] = [
  ['UTC', '2026-11-01', '2026-11-01', '2026-11-01', '2026-11-02'],
  ['Asia/Shanghai', '2026-11-01', '2026-11-01', '2026-10-31', '2026-11-02'],
  ['Asia/Shanghai', '2026-11-01', '', '2026-10-31', ''],
  ['Asia/Shanghai', '', '2026-11-01', '', '2026-11-02'],
  ['America/Los_Angeles', '2026-11-01', '2026-11-01', '2026-11-01', '2026-11-03'],
  ['America/Los_Angeles', '2026-03-08', '2026-03-09', '2026-03-08', '2026-03-11'],
  ['Europe/Berlin', '2026-10-25', '2026-10-25', '2026-10-24', '2026-10-26'],
  ['Europe/London', '2026-12-01', '2026-12-01', '2026-12-01', '2026-12-02'],
  ['Europe/London', '2026-07-01', '2026-07-01', '2026-06-30', '2026-07-02'],
  ['America/Santiago', '2026-09-06', '2026-09-06', '2026-09-06', '2026-09-08'],
  ['Pacific/Kiritimati', '2026-11-01', '2026-11-01', '2026-10-31', '2026-11-02'],
  ['Asia/Kolkata', '2026-11-01', '2026-11-01', '2026-10-31', '2026-11-02'],
]

test.each(chosen)('the UTC days of %s, %s to %s', (zone, from, to, utcFrom, utcUntil) => {
  const span = daysSpan(from, to, zone)
  const covering = utcDaysOf(span)
  expect(covering).toEqual({
    from: utcFrom === '' ? undefined : at(utcFrom),
    until: utcUntil === '' ? undefined : at(utcUntil),
  })
})

test('days begin and end by their zone', () => {
  expect(daysSpan('2026-11-01', '2026-11-01', 'America/Los_Angeles')).toEqual({
    from: at('2026-11-01T07:00'),
    until: at('2026-11-02T08:00'),
  })
  expect(daysSpan('2026-11-01', '9999-12-31', 'UTC').until).toBe(Date.UTC(10_000, 0, 1))
})

test('the next day', () => {
  expect(nextDay(at('2026-11-20T15:59'), 'Asia/Shanghai')).toBe(at('2026-11-20T16:00'))
  expect(nextDay(at('2026-11-20T16:00'), 'Asia/Shanghai')).toBe(at('2026-11-21T16:00'))
  expect(nextDay(at('2026-10-31T12:00'), 'America/Los_Angeles')).toBe(at('2026-11-01T07:00'))
  expect(nextDay(at('2026-11-01T12:00'), 'America/Los_Angeles')).toBe(at('2026-11-02T08:00'))
  expect(nextDay(at('2026-10-25T12:00'), 'Europe/Berlin')).toBe(at('2026-10-25T23:00'))
})

test('an instant as UTC and as the zone have it', () => {
  expect(inUtcAndZone(at('2026-11-01'), 'Asia/Shanghai')).toBe('2026-11-01 00:00 UTC = 08:00 Asia/Shanghai')
  expect(inUtcAndZone(at('2026-11-01'), 'America/Los_Angeles')).toBe(
    '2026-11-01 00:00 UTC = 2026-10-31 17:00 America/Los_Angeles',
  )
  expect(inUtcAndZone(at('2026-11-01T16:00'), 'Asia/Shanghai')).toBe(
    '2026-11-01 16:00 UTC = 2026-11-02 00:00 Asia/Shanghai',
  )
  expect(inUtcAndZone(at('2026-12-01'), 'Europe/London')).toBe('2026-12-01 00:00 UTC = 00:00 Europe/London')
  expect(inUtcAndZone(at('2026-11-01'), 'UTC')).toBe('2026-11-01 00:00 UTC')
})

test('the effect of a hold on days, as text', () => {
  const of = (from: string, to: string, zone: string) => {
    const held = utcDaysOf(daysSpan(from, to, zone))
    return [adminEn, adminZh].flatMap(({ retention }) => spanTexts(held, zone, retention.span))
  }
  expect(of('2026-11-01', '2026-11-01', 'Asia/Shanghai')).toEqual([
    '2026-10-31 00:00 – 2026-11-02 00:00 UTC',
    '2026-10-31 08:00 – 2026-11-02 08:00 Asia/Shanghai',
    '2026-10-31 00:00 至 2026-11-02 00:00（UTC）',
    '2026-10-31 08:00 至 2026-11-02 08:00（Asia/Shanghai）',
  ])
  // Its clocks go back on that day.
  expect(of('2026-11-01', '', 'America/Los_Angeles')).toEqual([
    'from 2026-11-01 00:00 UTC',
    'from 2026-10-31 17:00 America/Los_Angeles',
    '2026-11-01 00:00 起（UTC）',
    '2026-10-31 17:00 起（America/Los_Angeles）',
  ])
  expect(of('', '2026-10-25', 'Europe/Berlin')).toEqual([
    'until 2026-10-26 00:00 UTC',
    'until 2026-10-26 01:00 Europe/Berlin',
    '至 2026-10-26 00:00（UTC）',
    '至 2026-10-26 01:00（Europe/Berlin）',
  ])
  expect(of('2026-11-01', '2026-11-01', 'UTC')).toHaveLength(2)
})

test('when a rule and a hold end, as text', () => {
  const kept = inUtcAndZone(at('2026-10-20'), 'Asia/Shanghai')
  const next = inUtcAndZone(nextDay(at('2026-11-20T08:42'), 'Asia/Shanghai'), 'Asia/Shanghai')
  for (const { retention } of [adminEn, adminZh]) {
    for (const text of [retention.would('3', 3, next, kept), retention.wouldNothing(kept)])
      expect(text).toContain('2026-10-20 00:00 UTC = 08:00 Asia/Shanghai')
    for (const text of [retention.would('3', 3, next, kept), retention.liftText(next)])
      expect(text).toContain('2026-11-20 16:00 UTC = 2026-11-21 00:00 Asia/Shanghai')
    for (const text of [retention.text, retention.forDaysText, retention.firstHint, retention.lastHint])
      expect(text('Asia/Shanghai')).toContain('Asia/Shanghai')
  }
})
