import { expect, test } from 'vitest'
import type { Organization } from '../../model/api/types'
import {
  added,
  archived,
  moved,
  type OrganizationEdit,
  renamed,
  restored,
  sentTree,
  withBelow,
} from './organizationEdits'

const tree: Organization[] = [
  { id: 'hq', name: 'HQ', parent_id: null },
  { id: 'east', name: 'East', parent_id: 'hq' },
  { id: 'shanghai', name: 'Shanghai', parent_id: 'east' },
  { id: 'old', name: 'Old', parent_id: 'hq', archived: true },
  { id: 'older', name: 'Older', parent_id: 'old', archived: true },
]

test.each<[string, OrganizationEdit, string]>([
  ['nothing', (list) => list, 'hq< east<hq shanghai<east'],
  ['one added', added('west', 'West', 'hq'), 'hq< east<hq shanghai<east west<hq'],
  ['a root added', added('other', 'Other', ''), 'hq< east<hq shanghai<east other<'],
  ['an archived id added again', added('old', 'Old', 'east'), 'hq< east<hq shanghai<east old<east'],
  ['one moved', moved('shanghai', 'hq'), 'hq< east<hq shanghai<hq'],
  ['one moved to the top', moved('east', ''), 'hq< east< shanghai<east'],
  ['one archived with what is below', archived('east'), 'hq<'],
  ['one restored with what is above', restored('older'), 'hq< east<hq shanghai<east old<hq older<old'],
])('%s', (_, edit, want) => {
  const sent = sentTree(edit(tree)).map(({ id, parent_id }) => `${id}<${parent_id ?? ''}`)
  expect(sent.join(' ')).toBe(want)
})

test('a new name', () => {
  expect(sentTree(renamed('east', '华东')(tree))[1]).toEqual({ id: 'east', name: '华东', parent_id: 'hq' })
})

test('all below, whatever the order', () => {
  expect([...withBelow([...tree].reverse(), 'hq')].sort()).toEqual(['east', 'hq', 'old', 'older', 'shanghai'])
  expect([...withBelow(tree, 'shanghai')]).toEqual(['shanghai'])
})
