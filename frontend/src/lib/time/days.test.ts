import { expect, test } from 'vitest'
import { addDays, dayAt, dayFrom, startOf, wholeDays } from './days'
import { isRepeated } from './zone'

test('days of the calendar', () => {
  expect(dayFrom(2026, 2, 28)).toBe('2026-02-28')
  expect(dayFrom(2026, 2, 29)).toBeUndefined()
  expect(dayFrom(2024, 2, 29)).toBe('2024-02-29')
  expect(dayFrom(2026, 13, 1)).toBeUndefined()
  expect(dayFrom(2026, 0, 1)).toBeUndefined()
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
  expect(addDays('2024-03-01', -1)).toBe('2024-02-29')
})

// Zones whose clocks change in the hour, at midnight, over midnight, by half an hour, by a day.
const changes: [zone: string, day: string][] = [
  ['Asia/Shanghai', '2026-11-26'],
  ['Europe/Berlin', '2026-03-29'],
  ['Europe/Berlin', '2026-10-25'],
  ['America/New_York', '2026-11-01'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Sao_Paulo', '2018-02-17'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Asia/Amman', '2016-10-28'],
  ['Africa/Cairo', '2026-04-24'],
  ['Africa/Cairo', '2026-10-29'],
  ['America/Havana', '2026-11-01'],
  ['Atlantic/Azores', '2026-03-29'],
  ['Atlantic/Azores', '2026-10-25'],
  ['Pacific/Apia', '2011-12-29'],
]

test.each(changes)('days of %s around %s begin with the first instant that has their date', (zone, around) => {
  const quarter = 900_000
  const seen = new Map<string, number>()
  const middle = Date.parse(`${around}T12:00:00Z`)
  for (let instant = middle - 3 * 96 * quarter; instant < middle + 3 * 96 * quarter; instant += quarter) {
    const day = dayAt(instant, zone)
    if (!seen.has(day)) seen.set(day, instant)
  }
  for (const [day, first] of [...seen].slice(1)) expect([day, startOf(day, zone)]).toEqual([day, first])
})

test.each(changes)('times that %s shows twice around %s', (zone, around) => {
  const quarter = 900_000
  const middle = Date.parse(`${around}T12:00:00Z`)
  const shown = new Map<string, number[]>()
  for (let instant = middle - 2 * 96 * quarter; instant < middle + 2 * 96 * quarter; instant += quarter) {
    const text = new Date(instant).toLocaleString('sv-SE', { timeZone: zone })
    shown.set(text, [...(shown.get(text) ?? []), instant])
  }
  for (const instants of shown.values())
    for (const instant of instants) expect(isRepeated(instant, zone)).toBe(instants.length > 1)
})

test('whole days', () => {
  const at = (text: string) => Date.parse(text)
  const shanghai = (from: string, to: string) => wholeDays(at(from), at(to), 'Asia/Shanghai')
  expect(shanghai('2026-11-25T16:00:00Z', '2026-11-27T16:00:00Z')).toEqual({ first: '2026-11-26', last: '2026-11-27' })
  expect(shanghai('2026-11-25T16:00:00Z', '2026-11-26T16:00:00Z')).toEqual({ first: '2026-11-26', last: '2026-11-26' })
  expect(shanghai('2026-11-25T16:00:00Z', '2026-11-26T15:00:00Z')).toBeUndefined()
  expect(shanghai('2026-11-25T16:00:00Z', '2026-11-25T16:00:00Z')).toBeUndefined()
})
