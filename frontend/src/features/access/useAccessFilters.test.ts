import { expect, test } from 'vitest'
import { adminEn } from '../../i18n/admin.en'
import type { Account, ApiKey, Entry } from '../../model/api/types'
import { noFilters } from '../../model/log/filters'
import {
  actionChoices,
  activeIn,
  actorChoices,
  ignoredByAccess,
  readAccessFilters,
  withoutFilter,
} from './useAccessFilters'

test('every action is a choice, once', () => {
  const values = actionChoices(adminEn).flatMap(({ choices }) => choices.map(({ value }) => value))
  expect(values.toSorted()).toEqual(Object.keys(adminEn.access.actions).toSorted())
})

test('actors are accounts, keys, and who else is seen or chosen', () => {
  const accounts = [{ username: 'ada', name: 'Ada Li' }, { username: 'owner' }] as Account[]
  const apiKeys = [{ id: 'oplog_read_x', name: 'BI' }] as ApiKey[]
  const entries = ['ada', 'oplog_read_x', 'server', 'u7', 'server'].map((id) => ({
    user: { id, name: id === 'u7' ? '韩梅梅' : id },
  })) as Entry[]
  const titles = actorChoices(accounts, apiKeys, entries, ['u7', 'gone'], adminEn).map(({ choices }) =>
    choices.map(({ value, title }) => `${value}=${title}`),
  )
  expect(titles).toEqual([
    ['ada=Ada Li (ada)', 'owner=owner'],
    ['oplog_read_x=BI'],
    ['server=server', 'u7=韩梅梅 (u7)', 'gone=gone'],
  ])
})

test('filters that the access log does not take are left out', () => {
  const filters = readAccessFilters('q=x&user=ada&not_user=bob&outcome=failure&organization=east&range=last_month')
  expect(filters).toEqual({ ...noFilters, q: 'x', user: ['ada'], range: 'last_month' })
})

test('parameters without effect here are named', () => {
  const ignored = (text: string, owner = true) =>
    ignoredByAccess(text, owner).map(({ name, value }) => `${name}=${value}`)
  expect(ignored('user=ada&operation=log.search&content_id=c&module=log&scope=server&range=today')).toEqual([])
  expect(ignored('from=x&ip=10.0.0.0/8&not_user=bob')).toEqual(['from=x', 'ip=10.0.0.0/8', 'not_user=bob'])
  expect(ignored('scope=all')).toEqual(['scope=all'])
  expect(ignored('scope=server', false)).toEqual(['scope=server'])
})

test('a custom period is a filter that can be removed, a preset is none', () => {
  const custom = { ...noFilters, q: 'x', from: '2026-11-01T00:00:00Z' }
  expect(activeIn(custom)).toEqual(['q', 'period'])
  expect(activeIn(withoutFilter(custom, 'period'))).toEqual(['q'])
  expect(activeIn({ ...noFilters, range: 'today' })).toEqual([])
  expect(activeIn({ ...noFilters, range: 'today', from: '2026-11-01T00:00:00Z' })).toEqual(['period'])
})
