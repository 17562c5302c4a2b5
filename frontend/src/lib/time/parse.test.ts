import { describe, expect, test } from 'vitest'
import { endText, momentText, parseDay, parseMoment, parsePeriod } from './parse'

const zone = 'Asia/Shanghai'
const iso = (text: string, where = zone) => {
  const typed = parseMoment(text, where)
  return typed && ('day' in typed ? typed.day : new Date(typed.instant).toISOString())
}

test.each([
  ['2026-11-26', '2026-11-26'],
  ['2026/11/26', '2026-11-26'],
  [' 2026/1/5 ', '2026-01-05'],
  ['2026.11.26', '2026-11-26'],
  ['20261126', '2026-11-26'],
  ['2026年11月26日', '2026-11-26'],
  ['２０２６／１１／２６', '2026-11-26'],
  ['2026-11-26 16:41', '2026-11-26T08:41:00.000Z'],
  ['2026-11-26 16:41:07', '2026-11-26T08:41:07.000Z'],
  ['2026/11/26 6:41', '2026-11-25T22:41:00.000Z'],
  ['2026-11-26T16:41', '2026-11-26T08:41:00.000Z'],
  ['2026年11月26日 16：41', '2026-11-26T08:41:00.000Z'],
  ['2026年11月26日16:41', '2026-11-26T08:41:00.000Z'],
  ['2026-11-26T16:41:07Z', '2026-11-26T16:41:07.000Z'],
  ['2026-11-26T16:41:07.123+05:30', '2026-11-26T11:11:07.000Z'],
  ['2026-11-26 16:41 UTC−4', '2026-11-26T20:41:00.000Z'],
  ['2026-11-26 16:41 UTC', '2026-11-26T16:41:00.000Z'],
])('%s is %s', (text, want) => {
  expect(iso(text)).toBe(want)
})

test.each([
  '',
  'yesterday',
  '2026-02-29',
  '2026-13-01',
  '26/11/2026',
  '11-26',
  '2026-11',
  '2026-11-26 25:00',
  '2026-11-26 16:60',
  '2026-11-26 16',
  '2026-11-2616:41',
  '2026-11-26 16:41 tomorrow',
  '0026-11-26',
])('%s is nothing', (text) => {
  expect(parseMoment(text, zone)).toBeUndefined()
})

describe('a period', () => {
  test.each([
    ['2026-11-26', '2026-11-26', zone, '2026-11-25T16:00:00.000Z', '2026-11-26T16:00:00.000Z'],
    ['2026-11-26', '2026/11/27', zone, '2026-11-25T16:00:00.000Z', '2026-11-27T16:00:00.000Z'],
    ['2026-11-26 16:41', '2026-11-26', zone, '2026-11-26T08:41:00.000Z', '2026-11-26T16:00:00.000Z'],
    ['2026-11-26', '2026-11-26 16:41', zone, '2026-11-25T16:00:00.000Z', '2026-11-26T08:41:00.000Z'],
    ['2026-03-29', '2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['2026-10-25', '2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['2018-11-04', '2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z', '2018-11-05T02:00:00.000Z'],
  ])('from %s to %s in %s', (from, to, where, first, after) => {
    expect(parsePeriod(from, to, where)).toEqual({ from: first, to: after })
  })

  test('that cannot be read, or ends before it begins', () => {
    expect(parsePeriod('', '2026-11-26', zone)).toBe('from')
    expect(parsePeriod('2026-11-26', 'x', zone)).toBe('to')
    expect(parsePeriod('2026-11-27', '2026-11-26', zone)).toBe('order')
    expect(parsePeriod('2026-11-26 16:41', '2026-11-26 16:41', zone)).toBe('order')
  })
})

test('is written as it is typed', () => {
  const at = Date.parse
  expect(momentText(at('2026-11-25T16:00:00Z'), zone)).toBe('2026-11-26')
  expect(momentText(at('2026-11-26T08:41:00Z'), zone)).toBe('2026-11-26 16:41')
  expect(momentText(at('2026-11-26T08:41:07Z'), zone)).toBe('2026-11-26 16:41:07')
  expect(momentText(at('2026-10-25T01:30:00Z'), 'Europe/Berlin')).toBe('2026-10-25 02:30 UTC+1')
  expect(endText(at('2026-11-26T16:00:00Z'), zone)).toBe('2026-11-26')
  expect(endText(at('2026-11-26T08:41:00Z'), zone)).toBe('2026-11-26 16:41')
})

test.each([
  ['Europe/Berlin', '2026-03-29'],
  ['Europe/Berlin', '2026-10-25'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Sao_Paulo', '2018-02-17'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Asia/Amman', '2016-10-28'],
  ['America/Havana', '2026-11-01'],
  ['Atlantic/Azores', '2026-10-25'],
])('what is written in %s around %s is read as the same instants', (where, around) => {
  const quarter = 900_000
  const middle = Date.parse(`${around}T12:00:00Z`)
  for (let instant = middle - 150 * quarter; instant < middle + 150 * quarter; instant += quarter)
    expect(parsePeriod(momentText(instant, where), endText(instant + quarter, where), where)).toEqual({
      from: new Date(instant).toISOString(),
      to: new Date(instant + quarter).toISOString(),
    })
})

test.each([
  ['2026/1/5', '2026-01-05'],
  ['2026年1月5日', '2026-01-05'],
  ['20260105', '2026-01-05'],
  [' ', ''],
  ['2026-02-30', undefined],
  ['2026-01-05 08:00', undefined],
  ['tomorrow', undefined],
])('%s as a day alone', (text, want) => {
  expect(parseDay(text)).toBe(want)
})
