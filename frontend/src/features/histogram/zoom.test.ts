import { expect, test } from 'vitest'
import { noFilters } from '../../model/log/filters'
import { zoomedOut } from './zoom'

const now = Date.parse('2026-11-20T08:42:00Z')
const out = (from: string, to: string) => {
  const { range, ...rest } = zoomedOut({ ...noFilters, from, to }, { from, to }, 'Asia/Shanghai', now)
  return range ?? [rest.from, rest.to]
}

test.each([
  ['hours of today', '2026-11-20T01:00:00Z', '2026-11-20T03:00:00Z', 'today'],
  ['yesterday by the tenant’s clock, today by UTC’s', '2026-11-19T15:00:00Z', '2026-11-19T18:00:00Z', 'last_7_days'],
  ['the first day of the 7', '2026-11-13T16:00:00Z', '2026-11-14T16:00:00Z', 'last_7_days'],
  ['the day before them', '2026-11-13T15:59:59Z', '2026-11-14T16:00:00Z', 'last_30_days'],
  ['all 7 days', '2026-11-13T16:00:00Z', '2026-11-20T16:00:00Z', 'last_30_days'],
  [
    'long ago',
    '2026-01-03T00:00:00Z',
    '2026-01-05T00:00:00Z',
    ['2026-01-02T00:00:00.000Z', '2026-01-06T00:00:00.000Z'],
  ],
  ['long, to now', '2026-05-24T00:00:00Z', '2026-11-20T00:00:00Z', ['2026-02-23T00:00:00.000Z', undefined]],
])('%s', (_, from, to, wanted) => {
  expect(out(from, to)).toEqual(wanted)
})
