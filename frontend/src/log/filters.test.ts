import { describe, expect, test } from 'vitest'
import {
  activeFilters,
  cleared,
  hasPeriod,
  hasSelection,
  noFilters,
  readFilters,
  toggled,
  wireFilters,
  without,
  writeFilters,
} from './filters'

const read = (query: string) => readFilters(new URLSearchParams(query))

test.each([
  '',
  'q=%E8%BF%94%E5%9C%BA&range=last_7_days',
  'operation=delete&operation=batch_delete&range=today',
  'user=u_1&module=customer&organization=east&content_id=a%2Bb&from=2026-11-18T04%3A00%3A00Z',
  'range=last_30_days&from=2026-11-18T04%3A00%3A00Z&to=2026-11-19T04%3A00%3A00Z',
])('%s survives the way through the address', (query) => {
  expect(writeFilters(read(query)).toString()).toBe(query)
})

test('what is not a filter is dropped', () => {
  expect(read('range=last_year&from=yesterday&cursor=x&operation=&q=')).toEqual({
    ...noFilters,
    range: undefined,
    from: undefined,
    to: undefined,
  })
  expect(read('module=sms&module=sms').module).toEqual(['sms'])
})

test('a blank search is none', () => {
  expect(writeFilters({ ...noFilters, q: '  ' }).toString()).toBe('')
  expect(wireFilters({ ...noFilters, q: '  ' })).toEqual({})
})

describe('period', () => {
  test('is there or not', () => {
    expect(hasPeriod(read(''))).toBe(false)
    expect(hasPeriod(read('range=today'))).toBe(true)
    expect(hasPeriod(read('to=2026-11-18T04:00:00Z'))).toBe(true)
  })

  test('is a selection only inside a preset', () => {
    expect(hasSelection(read('from=2026-11-18T04:00:00Z'))).toBe(false)
    expect(hasSelection(read('range=today&from=2026-11-18T04:00:00Z'))).toBe(true)
  })
})

test('clearing keeps the period and drops the selection in it', () => {
  const filters = read('q=x&organization=east&range=last_7_days&from=2026-11-18T04:00:00Z')
  expect(writeFilters(cleared(filters)).toString()).toBe('range=last_7_days')
  const custom = read('q=x&from=2026-11-18T04:00:00Z')
  expect(writeFilters(cleared(custom)).get('from')).toBe('2026-11-18T04:00:00Z')
})

test('the active filters are counted one a kind', () => {
  const filters = read('q=x&operation=delete&operation=send&organization=east&range=today&from=2026-11-18T04:00:00Z')
  expect(activeFilters(filters)).toEqual(['q', 'operation', 'organization', 'period'])
  expect(activeFilters(without(filters, 'operation'))).toEqual(['q', 'organization', 'period'])
  expect(activeFilters(without(filters, 'period'))).toEqual(['q', 'operation', 'organization'])
})

test('a value goes in and out; organizations one at a time', () => {
  const one = toggled(noFilters, 'module', 'sms')
  expect(toggled(one, 'module', 'email').module).toEqual(['sms', 'email'])
  expect(toggled(one, 'module', 'sms').module).toEqual([])
  const east = toggled(noFilters, 'organization', 'east')
  expect(toggled(east, 'organization', 'south').organization).toEqual(['south'])
  expect(toggled(east, 'organization', 'east').organization).toEqual([])
})
