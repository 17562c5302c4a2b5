// @vitest-environment happy-dom
import { act, screen } from '@testing-library/react'
import { createRef } from 'react'
import { beforeEach, expect, test, vi } from 'vitest'
import { draw, layOut } from '../../../build/draw'
import type { Organization } from '../api/types'
import { OrganizationTree, type TreeHandle } from './OrganizationTree'

beforeEach(() => layOut(800, 600))

const organizations: Organization[] = [
  { id: 'all', name: 'All', parent_id: '' },
  { id: 'north', name: 'North', parent_id: 'all' },
  { id: 'oslo', name: 'Oslo', parent_id: 'north' },
  { id: 'harbour', name: 'Harbour', parent_id: 'oslo' },
  { id: 'south', name: 'South', parent_id: 'all' },
].map((one) => ({ archived: false, ...one }) as Organization)
const own = [
  { value: 'harbour', name: 'Harbour', count: 3 },
  { value: 'north', name: 'North', count: 1 },
]

function tree(selected: string[] = []) {
  const onSelect = vi.fn()
  const ref = createRef<TreeHandle>()
  const props = { ref, organizations, own, selected, onSelect }
  return { onSelect, ref, ...draw(<OrganizationTree {...props} />) }
}

const names = () => screen.getAllByRole('treeitem').map((item) => item.textContent)
const focused = () => document.activeElement?.textContent

test('counts are those of an organization and all below it', () => {
  tree()
  expect(names()).toEqual(['All4', 'North4', 'Oslo3', 'South0'])
})

test('arrow keys move, open and close; Enter chooses', async () => {
  const { person, ref, onSelect } = tree()
  act(() => ref.current?.focus())
  expect(focused()).toBe('All4')
  await person.keyboard('{ArrowDown}{ArrowDown}{ArrowRight}')
  expect(focused()).toBe('Oslo3')
  expect(names()).toEqual(['All4', 'North4', 'Oslo3', 'Harbour3', 'South0'])
  await person.keyboard('{ArrowRight}{Enter}')
  expect(onSelect.mock.calls).toEqual([['harbour']])
  await person.keyboard('{ArrowLeft}{ArrowLeft}')
  expect(focused()).toBe('Oslo3')
  expect(names()).toEqual(['All4', 'North4', 'Oslo3', 'South0'])
})

test('what leads to the selection is open, and the Tab key leads to it', () => {
  tree(['harbour'])
  const harbour = screen.getByRole('treeitem', { name: /Harbour/ })
  expect(harbour.getAttribute('aria-selected')).toBe('true')
  expect(harbour.tabIndex).toBe(0)
})

test('the search shows what it finds with what is above it; Enter chooses the only one', async () => {
  const { person, ref, onSelect } = tree()
  act(() => ref.current?.focusSearch())
  await person.keyboard('harb')
  expect(names()).toEqual(['All4', 'North4', 'Oslo3', 'Harbour3'])
  await person.keyboard('{Enter}')
  expect(onSelect.mock.calls).toEqual([['harbour']])
  await person.keyboard('{Escape}')
  expect(names()).toEqual(['All4', 'North4', 'Oslo3', 'South0'])
})
