import { expect, test } from 'vitest'
import { layoutFor, rowHeight } from './layout'

test.each([
  [1366, 232, false, { table: 'wide', roomy: true, tree: true, drawer: 'over' }],
  [1280, 232, false, { table: 'wide', roomy: false, tree: true, drawer: 'over' }],
  [1366, 232, true, { table: 'folded', roomy: false, tree: true, drawer: 'beside' }],
  [1920, 232, true, { table: 'wide', roomy: true, tree: true, drawer: 'beside' }],
  [1200, 232, true, { table: 'folded', roomy: false, tree: false, drawer: 'beside' }],
  [1024, 232, true, { table: 'folded', roomy: false, tree: true, drawer: 'over' }],
  [1024, 232, false, { table: 'folded', roomy: false, tree: true, drawer: 'over' }],
  [840, 232, false, { table: 'phone', roomy: false, tree: false, drawer: 'over' }],
  [840, 0, false, { table: 'folded', roomy: false, tree: true, drawer: 'over' }],
  [390, 0, true, { table: 'phone', roomy: false, tree: false, drawer: 'over' }],
] as const)('%d wide, tree %d, drawer open %s', (viewport, tree, open, want) => {
  expect(layoutFor(viewport, tree, open)).toEqual(want)
})

test('rows are compact only where one line is enough', () => {
  expect(rowHeight('wide', 'compact')).toBe(33)
  expect(rowHeight('folded', 'compact')).toBe(45)
  expect(rowHeight('folded', 'roomy')).toBe(57)
  expect(rowHeight('phone', 'compact')).toBe(97)
})
