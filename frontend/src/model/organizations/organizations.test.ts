import { expect, test } from 'vitest'
import { ancestors, countsWithBelow, organizationTree, placesAmong, visibleNodes } from './organizations'

const list = [
  { id: 'root', parent_id: null, name: '蓝湾零售集团 Lanwan Retail' },
  { id: 'old', parent_id: 'root', name: '西南大区', archived: true },
  { id: 'east', parent_id: 'root', name: '华东大区 East China' },
  { id: 'shanghai', parent_id: 'east', name: 'Shanghai Studio' },
  { id: 'hangzhou', parent_id: 'east', name: '杭州分公司' },
]
const own = [
  { value: 'root', count: 7 },
  { value: 'east', count: 2 },
  { value: 'shanghai', count: 503 },
  { value: 'hangzhou', count: 388 },
]
const names = (nodes: { id: string }[]) => nodes.map((node) => node.id)

test('a count takes in all below, and the root the whole', () => {
  const sums = countsWithBelow(organizationTree(list), own)
  expect(Object.fromEntries(sums)).toEqual({ root: 900, old: 0, east: 893, shanghai: 503, hangzhou: 388 })
  expect(sums.get('root')).toBe(own.reduce((total, { count }) => total + count, 0))
})

test('archived organizations stand last', () => {
  const [root] = organizationTree(list)
  expect(names(root?.children ?? [])).toEqual(['east', 'old'])
  expect(root?.children[0]?.children[0]?.level).toBe(2)
})

test('a part of a tree has its own roots', () => {
  expect(names(organizationTree(list.slice(2)))).toEqual(['east'])
})

test('closed ones hide what is below; searching shows matches with the way to them', () => {
  const roots = organizationTree(list)
  expect(names(visibleNodes(roots, (node) => node.id === 'root', ''))).toEqual(['root', 'east', 'old'])
  expect(names(visibleNodes(roots, () => false, 'shang'))).toEqual(['root', 'east', 'shanghai'])
  expect(names(visibleNodes(roots, () => false, '杭州'))).toEqual(['root', 'east', 'hangzhou'])
  expect(visibleNodes(roots, () => false, 'nobody')).toEqual([])
})

test('ancestors, nearest first', () => {
  expect(names(ancestors(list, 'shanghai'))).toEqual(['east', 'root'])
  expect(ancestors([{ id: 'a', parent_id: 'a', name: 'loop' }], 'a')).toHaveLength(1)
})

test('each row says where it stands among those beside it', () => {
  const rows = visibleNodes(organizationTree(list), () => true, '')
  expect(Object.fromEntries(rows.map((node, i) => [node.id, placesAmong(rows)[i]]))).toEqual({
    root: { position: 1, size: 1 },
    east: { position: 1, size: 2 },
    shanghai: { position: 1, size: 2 },
    hangzhou: { position: 2, size: 2 },
    old: { position: 2, size: 2 },
  })
})

test('organizations side by side with the same name are told apart by the id', () => {
  const rows = [
    { id: 'root', parent_id: null, name: 'Root' },
    { id: 'a', parent_id: 'root', name: 'Sales' },
    { id: 'b', parent_id: 'root', name: 'Sales' },
    { id: 'c', parent_id: 'a', name: 'Sales' }, // its place tells
  ]
  const labels = visibleNodes(organizationTree(rows), () => true, '').map(({ label }) => label)
  expect(labels).toEqual(['Root', 'Sales (a)', 'Sales', 'Sales (b)'])
})
