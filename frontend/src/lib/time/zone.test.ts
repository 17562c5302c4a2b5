import { describe, expect, test } from 'vitest'
import { exactTime, instantOf, offsetText, wallTime, weekday } from './zone'

test('an instant is shown in the zone of the tenant, not of the browser', () => {
  expect(exactTime('2026-11-20T08:41:07.412345Z', 'Asia/Shanghai')).toBe('2026-11-20 16:41:07')
  expect(exactTime('2026-11-20T08:41:07Z', 'America/New_York')).toBe('2026-11-20 03:41:07')
  expect(exactTime('2026-12-31T16:00:00Z', 'Asia/Shanghai')).toBe('2027-01-01 00:00:00')
})

test('the offset is named with its minutes only where it has some', () => {
  const winter = Date.UTC(2026, 0, 15)
  expect(offsetText(winter, 'Asia/Shanghai')).toBe('UTC+8')
  expect(offsetText(winter, 'Asia/Kolkata')).toBe('UTC+5:30')
  expect(offsetText(winter, 'America/New_York')).toBe('UTC−5')
  expect(offsetText(Date.UTC(2026, 6, 15), 'America/New_York')).toBe('UTC−4')
  expect(offsetText(winter, 'UTC')).toBe('UTC')
})

describe('instantOf', () => {
  const at = (text: string, zone: string) => {
    const [year, month, day, hour, minute, second] = text.split(/[-T: ]/).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    return new Date(instantOf({ year, month, day, hour, minute, second }, zone)).toISOString()
  }

  test.each([
    ['2026-11-20 16:41:07', 'Asia/Shanghai', '2026-11-20T08:41:07.000Z'],
    ['2026-03-08 01:30:00', 'America/New_York', '2026-03-08T06:30:00.000Z'],
    ['2026-03-08 03:30:00', 'America/New_York', '2026-03-08T07:30:00.000Z'],
    ['2026-03-08 02:30:00', 'America/New_York', '2026-03-08T07:30:00.000Z'], // skipped that night
    ['2026-11-01 01:30:00', 'America/New_York', '2026-11-01T05:30:00.000Z'], // occurs twice: the first
    ['2026-11-01 12:00:00', 'America/New_York', '2026-11-01T17:00:00.000Z'],
    ['2026-03-29 12:00:00', 'Europe/Berlin', '2026-03-29T10:00:00.000Z'],
  ])('%s in %s', (wall, zone, want) => {
    expect(at(wall, zone)).toBe(want)
  })

  test('goes back to the same wall time for every hour of a year with two changes', () => {
    for (let instant = Date.UTC(2026, 0, 1); instant < Date.UTC(2027, 0, 1); instant += 3_600_000) {
      const back = instantOf(wallTime(instant, 'America/New_York'), 'America/New_York')
      expect(wallTime(back, 'America/New_York')).toEqual(wallTime(instant, 'America/New_York'))
    }
  })
})

test('weekday', () => {
  expect(weekday(wallTime(Date.parse('2026-11-20T08:00:00Z'), 'Asia/Shanghai'))).toBe(5)
})
