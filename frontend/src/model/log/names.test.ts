import { expect, test } from 'vitest'
import type { Entry, Organization, Summary } from '../api/types'
import { type Names, withIds, withNames } from './names'

const none: Names = { user: new Map(), organization: new Map() }
const entry = (user: string, name: string, organization?: string) =>
  ({
    user: { id: user, name },
    organization: organization && { id: organization, name: `${organization} then` },
  }) as unknown as Entry
const summary = (...user: [string, string][]) =>
  ({ facets: { user: user.map(([value, name]) => ({ value, name, count: 1 })) } }) as unknown as Summary
const organizations = [{ id: 'sales', name: 'Sales' }] as Organization[]

test('a name once seen is kept when no row shows it any more', () => {
  const first = withNames(none, [entry('u1', 'Emma', 'sales')], undefined, undefined)
  const second = withNames(first, [entry('u2', 'Noah')], undefined, undefined)
  expect([...second.user]).toEqual([
    ['u1', 'Emma'],
    ['u2', 'Noah'],
  ])
  expect(second.organization.get('sales')).toBe('sales then')
})

test('the newest row names a user, and the summary and the tree of today more surely', () => {
  const rows = [entry('u1', 'Emma New', 'sales'), entry('u1', 'Emma Old')]
  expect(withNames(none, rows, undefined, undefined).user.get('u1')).toBe('Emma New')
  const all = withNames(none, rows, summary(['u1', 'Emma Today']), organizations)
  expect(all.user.get('u1')).toBe('Emma Today')
  expect(all.organization.get('sales')).toBe('Sales')
  expect(withNames(all, rows, undefined, undefined)).toBe(all)
})

test('where nothing is new, the names are the same object', () => {
  const rows = [entry('u1', 'Emma', 'sales')]
  const names = withNames(none, rows, summary(['u1', 'Emma']), organizations)
  expect(withNames(names, rows, summary(['u1', 'Emma']), organizations)).toBe(names)
})

test('names that several ids have are told apart by the id', () => {
  const names = withIds([
    ['u1', 'Emma'],
    ['u2', 'Noah'],
    ['u3', 'Emma'],
    ['u4', 'u4'],
  ])
  expect([...names]).toEqual([
    ['u1', 'Emma (u1)'],
    ['u2', 'Noah'],
    ['u3', 'Emma (u3)'],
    ['u4', 'u4'],
  ])
})
