import { describe, expect, test } from 'vitest'
import {
  activeFilters,
  calendarPresets,
  cleared,
  endsNow,
  exclusionOf,
  fieldOf,
  fields,
  frozen,
  hasPeriod,
  hasSelection,
  ignoredIn,
  isExclusion,
  isRelative,
  listFilters,
  noFilters,
  presets,
  readFilters,
  selectionAlone,
  toggled,
  wireFilters,
  wireName,
  without,
  withoutField,
  writeFilters,
} from './filters'

const read = (query: string) => readFilters(new URLSearchParams(query))

test.each([
  '',
  'q=%E8%BF%94%E5%9C%BA&range=last_7_days',
  'operation=delete&operation=batch_delete&range=today',
  'user=u_1&module=customer&organization=east&content_id=a%2Bb&from=2026-11-18T04%3A00%3A00Z',
  'user=u_1&not_user=u_2&not_content_id=c_1&role=Editor&not_role=VIP&outcome=failure&ip=10.0.0.0%2F8&not_ip=%3A%3A1',
  ...[...presets, ...calendarPresets].map((range) => `range=${range}`),
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

describe('parameters of a link that are ignored', () => {
  const ignored = (query: string) =>
    ignoredIn(new URLSearchParams(query), ['seq']).map(({ name, value }) => `${name}=${value}`)
  test.each([
    'from=x',
    'to=2026-11-20', // no instant: the API refuses it
    'range=last_year',
    'modul=sms',
    'contentId=c_1', // its name in code
  ])('%s', (query) => {
    expect(ignored(`q=sale&${query}&user=u_1`)).toEqual([query])
  })
  test('a single value given twice', () => {
    expect(ignored('q=a&q=b&range=today&range=today')).toEqual(['q=b', 'range=today'])
  })
  test.each(['', 'from=&range=', 'seq=7', 'ip=x&outcome=none', 'q=-&not_content_id=a&not_content_id=b'])(
    'none: %s',
    (query) => {
      expect(ignored(query)).toEqual([])
    },
  )
  test('not an instant whose plus sign is unescaped', () => {
    expect(ignored('from=2026-11-18T04:00:00+08:00')).toEqual([])
    expect(read('from=2026-11-18T04:00:00+08:00').from).toBe('2026-11-18T04:00:00+08:00')
  })
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

test('every filter that the API takes is one, and goes on to exports', () => {
  const query = listFilters.map((name) => [wireName(name), 'x'])
  const filters = readFilters(new URLSearchParams(query))
  expect(wireFilters(filters)).toEqual(Object.fromEntries(query.map(([name, value]) => [name, [value]])))
  expect(activeFilters(filters)).toEqual(listFilters)
  expect(listFilters.map(fieldOf)).toEqual(fields.flatMap((field) => [field, field]))
  expect(listFilters.filter(isExclusion)).toEqual(fields.map(exclusionOf))
})

test('a value is chosen or excluded, never both', () => {
  const chosen = toggled(noFilters, 'user', 'u_1')
  const excluded = toggled(chosen, 'notUser', 'u_1')
  expect([excluded.user, excluded.notUser]).toEqual([[], ['u_1']])
  expect(toggled(excluded, 'user', 'u_1')).toEqual(chosen)
  expect(withoutField({ ...excluded, user: ['u_2'] }, 'user')).toEqual(noFilters)
})

test.each([
  ['range=today', true, true],
  ['range=this_month', true, true],
  ['range=yesterday', false, true],
  ['range=last_week', false, true],
  ['range=last_month&from=2026-10-18T04:00:00Z', false, true],
  ['from=2026-11-18T04:00:00Z', true, true],
  ['from=2026-11-18T04:00:00Z&to=2026-11-19T04:00:00Z', false, false],
])('%s ends now: %s, moves: %s', (query, ends, does) => {
  expect([endsNow(read(query)), isRelative(read(query))]).toEqual([ends, does])
})

test('a frozen period stands as it was read', () => {
  const readAt = Date.parse('2026-11-20T08:42:09.120Z')
  const day = { from: '2026-11-19T16:00:00Z', to: '2026-11-20T16:00:00Z' }
  const today = frozen(read('q=x&range=today'), day, readAt)
  expect(today).toEqual(read('q=x&from=2026-11-19T16:00:00Z&to=2026-11-20T08:42:10.000Z'))
  expect(isRelative(today)).toBe(false)
  const week = { from: '2026-11-08T16:00:00Z', to: '2026-11-15T16:00:00Z' }
  expect(frozen(read('range=last_week'), week, readAt).to).toBe('2026-11-15T16:00:00.000Z')
})

test('a selection alone ends where its frame does', () => {
  const from = '2026-11-10T04:00:00Z'
  const to = '2026-11-15T16:00:00Z'
  expect(selectionAlone(read(`range=last_week&from=${from}`), { to })).toEqual(read(`from=${from}&to=${to}`))
  expect(selectionAlone(read(`range=last_7_days&from=${from}`), { to })).toEqual(read(`from=${from}`))
})

test('a value goes in and out; organizations one at a time', () => {
  const one = toggled(noFilters, 'module', 'sms')
  expect(toggled(one, 'module', 'email').module).toEqual(['sms', 'email'])
  expect(toggled(one, 'module', 'sms').module).toEqual([])
  const east = toggled(noFilters, 'organization', 'east')
  expect(toggled(east, 'organization', 'south').organization).toEqual(['south'])
  expect(toggled(east, 'organization', 'east').organization).toEqual([])
})
