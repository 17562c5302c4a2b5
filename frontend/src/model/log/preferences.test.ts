import { expect, test } from 'vitest'
import { defaultPreferences, gridColumns, type Preferences, parsePreferences, withWidth } from './preferences'

test.each([
  null,
  '',
  'null',
  '[]',
  '"x"',
  '{',
  '{"live":"maybe"}',
  '{"density":"huge","hidden":["content",1],"widths":{"content":90,"user":"x"}}',
])('%s is read as usual', (text) => {
  expect(parsePreferences(text)).toEqual(defaultPreferences)
})

test('what was kept is read again', () => {
  const own: Preferences = { live: false, density: 'compact', hidden: ['role', 'time'], widths: { user: 200 } }
  expect(parsePreferences(JSON.stringify(own))).toEqual(own)
})

test('a column is as wide as it is made, within limits, and the content gives way to none', () => {
  expect(gridColumns(defaultPreferences)).toBe(
    'var(--user) var(--role) var(--organization) var(--module) var(--type) var(--content) var(--time)',
  )
  const wide = withWidth(withWidth({ ...defaultPreferences, hidden: ['role', 'module'] }, 'user', 900.4), 'time', 12)
  expect(wide.widths).toEqual({ user: 480, time: 64 })
  expect(gridColumns(wide)).toBe(
    'minmax(64px, 480px) var(--organization) var(--type) minmax(200px, 1fr) minmax(64px, 64px)',
  )
  expect(withWidth(withWidth(wide, 'user', undefined), 'time', undefined).widths).toEqual({})
  expect(parsePreferences('{"widths":{"user":9999,"role":1}}').widths).toEqual({ user: 480, role: 64 })
})
