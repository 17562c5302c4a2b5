import { expect, test } from 'vitest'
import { en } from '../../i18n/en'
import { zh } from '../../i18n/zh'
import type { Organization, Summary } from '../../model/api/types'
import { noFilters } from '../../model/log/filters'
import { outcomeTitle } from '../../model/log/names'
import { suggestFilters } from './filterSuggestions'

const organizations: Organization[] = [
  { id: 'root', parent_id: null, name: '集团 Group' },
  { id: 'east', parent_id: 'root', name: '华东大区 East China' },
  { id: 'shop', parent_id: 'east', name: 'Shanghai Studio' },
]
const one = (value: string, count: number) => ({ value, name: '', count })
const facets = {
  outcome: [one('success', 9), one('failure', 2)],
  role: [one('Content editor', 4), one('营销经理', 3), one('', 1)],
  organization: [one('east', 1), one('shop', 5)],
}
const summary = { facets } as unknown as Summary
const found = (q: string, messages = en, read: Summary | null = summary) =>
  suggestFilters({ ...noFilters, q, module: ['sms'] }, read ?? undefined, organizations, (value) =>
    outcomeTitle(value, messages),
  ).map(({ field, title, count, filters }) => {
    expect([filters.q, filters.module]).toEqual(['', ['sms']])
    return [field, title, count, ...filters[field]]
  })

test.each([
  ['editor', [['role', 'Content editor', 4, 'Content editor']]],
  ['East', [['organization', '华东大区 East China', 6, 'east']]],
  ['Failed', [['outcome', 'Failed', 2, 'failure']]],
  ['failure', [['outcome', 'Failed', 2, 'failure']]],
  [' 10.0.0.0/8 ', [['ip', '10.0.0.0/8', undefined, '10.0.0.0/8']]],
  ['', []],
  ['nobody', []],
])('%s', (q, want) => {
  expect(found(q)).toEqual(want)
})

test('in Chinese, and before the counts are there', () => {
  expect(found('失败', zh)).toEqual([['outcome', '失败', 2, 'failure']])
  expect(found('华东', zh, null)).toEqual([['organization', '华东大区 East China', undefined, 'east']])
})

test('an organization that a long summary does not list is offered without a count', () => {
  const cut = { facets: { ...facets, organization: [one('east', 1)], more: { organization: 1 } } } as unknown as Summary
  expect(found('shanghai', en, cut)).toEqual([['organization', 'Shanghai Studio', undefined, 'shop']])
})

test('while the archive is away, an organization is offered without a count', () => {
  const away = { archive: 'unavailable', facets: { outcome: [], role: [], organization: [] } } as unknown as Summary
  expect(found('east', en, away)).toEqual([['organization', '华东大区 East China', undefined, 'east']])
})

test('what gives nothing, or is on already, is not offered', () => {
  const none = { facets: { ...facets, role: [one('Content editor', 0)] } } as unknown as Summary
  expect(found('editor', en, none)).toEqual([])
  const on = { ...noFilters, q: 'editor', role: ['Content editor'] }
  expect(suggestFilters(on, summary, organizations, String)).toEqual([])
})
