import { expect, test } from 'vitest'
import { entryEn } from '../../i18n/entry.en'
import { entryZh } from '../../i18n/entry.zh'
import { delayOf } from './delay'

test.each([
  ['2026-11-23T00:00:00Z', undefined],
  ['2026-11-22T23:55:00Z', undefined],
  ['2026-11-22T23:54:59.999Z', { unit: 'minutes', count: 5 }],
  ['2026-11-22T23:00:00.001Z', { unit: 'minutes', count: 59 }],
  ['2026-11-22T22:00:00Z', { unit: 'hours', count: 2 }],
  ['2026-11-21T12:00:00Z', { unit: 'days', count: 1 }],
  ['2026-11-23T05:00:00Z', undefined],
] as const)('received at midnight, done at %s', (time, delay) => {
  expect(delayOf({ time, received_at: '2026-11-23T00:00:00Z' })).toEqual(delay)
})

test('as text', () => {
  const time = '2026-11-23 08:38:50'
  expect(`${entryEn.proven} ${entryEn.provenLate(time, { unit: 'days', count: 1 })}`).toBe(
    'Proven unchanged since it was received at 2026-11-23 08:38:50, 1 day after the operation time.',
  )
  expect(entryEn.provenLate(time, { unit: 'minutes', count: 15 })).toContain(', 15 min after')
  expect(entryZh.provenLate(time, { unit: 'hours', count: 3 })).toContain('晚 3 小时')
})
