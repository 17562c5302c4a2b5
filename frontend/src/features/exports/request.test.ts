import { expect, test } from 'vitest'
import { noFilters } from '../../model/log/filters'
import { exportRequest, filtersOf, type Wanted } from './request'

const shown = {
  ...noFilters,
  q: '返场',
  organization: ['east'],
  range: 'last_7_days' as const,
  from: '2026-11-18T04:00:00Z',
}
const resolved = { from: '2026-11-13T16:00:00Z', to: '2026-11-20T08:42:09Z' }
const wanted: Wanted = { period: 'shown', custom: undefined, filtered: true, format: 'csv', columns: [] }

test('as shown, as filtered', () => {
  expect(exportRequest(filtersOf(shown, wanted), wanted, resolved)).toEqual({
    range: 'last_7_days',
    from: '2026-11-18T04:00:00Z',
    format: 'csv',
    filters: { q: '返场', organization: ['east'] },
  })
})

test('all operations of the period', () => {
  const request = exportRequest(
    filtersOf(shown, { ...wanted, filtered: false }),
    { ...wanted, format: 'ndjson' },
    resolved,
  )
  expect(request).toEqual({ range: 'last_7_days', from: '2026-11-18T04:00:00Z', format: 'ndjson', filters: {} })
})

test('another preset leaves the selection behind', () => {
  const request = exportRequest(filtersOf(shown, { ...wanted, period: 'today' }), wanted, resolved)
  expect(request).toEqual({ range: 'today', format: 'csv', filters: { q: '返场', organization: ['east'] } })
})

test('a custom period, and a shown one with an open end', () => {
  const custom = { from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' }
  const request = exportRequest(filtersOf(shown, { ...wanted, period: 'custom', custom }), wanted, resolved)
  expect(request).toMatchObject({ range: 'custom', ...custom })
  const open = { ...noFilters, from: '2026-11-01T00:00:00Z' }
  expect(exportRequest(filtersOf(open, wanted), wanted, resolved)).toMatchObject({
    range: 'custom',
    from: '2026-11-01T00:00:00Z',
    to: resolved.to,
  })
})

test('long columns in their order, where the format has a choice', () => {
  const columns: Wanted['columns'] = ['details', 'changes']
  const columnsOf = (format: Wanted['format']) => exportRequest(noFilters, { format, columns }, resolved).columns
  expect(columnsOf('csv')).toEqual(['changes', 'details'])
  expect(columnsOf('xlsx')).toEqual(['changes', 'details'])
  expect(columnsOf('ndjson')).toBeUndefined()
})
