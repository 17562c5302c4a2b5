import { expect, test } from 'vitest'
import { noFilters } from '../../model/log/filters'
import { withDay } from './jump'

const frame = { from: '2026-11-13T16:00:00Z', to: '2026-11-20T16:00:00Z' }
const week = { ...noFilters, range: 'last_7_days' as const, q: 'x' }

test('a day in the frame is selected in it', () => {
  expect(withDay(week, '2025-11-18', 'Asia/Shanghai', { from: '2025-11-13T16:00:00Z', to: frame.to })).toEqual({
    ...week,
    from: '2025-11-17T16:00:00.000Z',
    to: '2025-11-18T16:00:00.000Z',
  })
})

test('any other day is a period of its own', () => {
  expect(withDay(week, '2024-02-29', 'Asia/Shanghai', frame)).toEqual({
    ...week,
    range: undefined,
    from: '2024-02-28T16:00:00.000Z',
    to: '2024-02-29T16:00:00.000Z',
  })
})

test('a day on which the clocks change has its own length', () => {
  const { from, to } = withDay(noFilters, '2025-03-09', 'America/New_York', undefined)
  expect([from, to]).toEqual(['2025-03-09T05:00:00.000Z', '2025-03-10T04:00:00.000Z'])
})
