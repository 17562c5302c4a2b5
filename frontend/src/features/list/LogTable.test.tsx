// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { createRef } from 'react'
import { beforeEach, expect, test, vi } from 'vitest'
import { draw, layOut } from '../../../build/draw'
import type { Entry } from '../../model/api/types'
import { titlesOf } from '../../model/log/catalog'
import { noFilters } from '../../model/log/filters'
import { defaultPreferences } from '../../model/log/preferences'
import { LogTable, type TableHandle } from './LogTable'

beforeEach(() => layOut(800, 600))

const entries = Array.from({ length: 12 }, (_, index) => ({
  seq: 100 - index,
  id: `entry-${index}`,
  time: `2026-01-05T08:00:${String(59 - index).padStart(2, '0')}Z`,
  received_at: '2026-01-05T08:01:00Z',
  user: { id: `u${index}`, name: `User ${index}`, role: 'Buyer' },
  organization: { id: 'north', name: 'North' },
  module: 'email',
  operation: 'send',
  content: index === 2 ? undefined : { id: `c${index}`, name: `Content ${index}` },
  outcome: 'success',
})) as unknown as Entry[]

test('an entry that is damaged in the store says so, and shows nothing as recorded', () => {
  const { seq, id, time, received_at } = entries[1] as Entry
  const damaged = {
    seq,
    id,
    time,
    received_at,
    user: { id: '', name: '' },
    module: '',
    operation: '',
    outcome: 'success',
    origin: 'manual',
    damaged: true,
  }
  table({ entries: [entries[0] as Entry, damaged as Entry] })
  const row = screen.getAllByRole('row').at(-1)
  expect(row?.querySelector('.cell-content')?.textContent).toBe('Damaged in the store')
  for (const other of ['user', 'role', 'organization', 'module', 'type'])
    expect(row?.querySelector(`.cell-${other}`)?.textContent).toBe('')
})

function table(some: Partial<Parameters<typeof LogTable>[0]> = {}) {
  const calls = { onOpen: vi.fn(), onFilter: vi.fn(), onCopy: vi.fn(), onMore: vi.fn() }
  const ref = createRef<TableHandle>()
  const element = (other: typeof some = {}) => (
    <LogTable
      ref={ref}
      entries={entries}
      total={12}
      layout="wide"
      preferences={defaultPreferences}
      onPreferences={vi.fn()}
      onChoose={vi.fn()}
      openSeq={undefined}
      dimmed={false}
      loading={false}
      hasMore={false}
      resetKey="acme?"
      titles={titlesOf(undefined, 'en')}
      terms={[]}
      zone="UTC"
      now={Date.parse('2026-01-05T09:00:00Z')}
      filters={noFilters}
      byOrganization
      empty={<p>Nothing</p>}
      foot={<p>All</p>}
      {...calls}
      {...some}
      {...other}
    />
  )
  const drawn = draw(element())
  return { ref, ...calls, ...drawn, redraw: (other: typeof some) => drawn.rerender(element(other)) }
}

/** Which row has the focus, by the name of its user. */
const focusOn = (name: string) => waitFor(() => expect(document.activeElement?.textContent).toContain(name))

test('j leads into the rows from anywhere; keys move, open and copy', async () => {
  const { person, onOpen, onCopy } = table()
  await person.keyboard('j')
  await focusOn('User 0')
  await person.keyboard('jj')
  await focusOn('User 2')
  await person.keyboard('x')
  expect(onCopy.mock.calls).toEqual([['entry-2']]) // no content was named: the entry's own ID
  await person.keyboard('k{Enter}x')
  await focusOn('User 1')
  expect(onOpen.mock.calls).toEqual([[entries[1]]])
  expect(onCopy.mock.lastCall).toEqual(['c1'])
  await person.keyboard('{Home}k')
  await focusOn('User 0')
})

test('keys that follow each other before the next frame move by a row each', () => {
  vi.stubGlobal('requestAnimationFrame', vi.fn())
  table()
  for (let key = 0; key < 3; key++) fireEvent.keyDown(document.activeElement ?? document.body, { key: 'j' })
  vi.unstubAllGlobals()
  expect(document.activeElement?.textContent).toContain('User 2')
})

test('while an entry is open, a step opens the next one', async () => {
  const { person, ref, onOpen } = table({ openSeq: 100 })
  act(() => ref.current?.focusCurrent())
  await person.keyboard('{ArrowDown}')
  expect(onOpen.mock.calls).toEqual([[entries[1]]])
})

test('f and e with the number of a column filter by its value, or exclude it', async () => {
  const { person, onFilter } = table()
  await person.keyboard('j')
  await focusOn('User 0')
  await person.keyboard('f1e5f7')
  expect(onFilter.mock.calls).toEqual([
    ['user', 'u0'],
    ['notOperation', 'send'],
  ])
})

test('the numbers are those of the columns that are shown; organizations need the data permission', async () => {
  const { person, onFilter } = table({
    preferences: { ...defaultPreferences, hidden: ['user', 'role'] },
    byOrganization: false,
  })
  await person.keyboard('j')
  await focusOn('Content 0')
  await person.keyboard('f1f2')
  expect(onFilter.mock.calls).toEqual([['module', 'email']])
})

test('other rows begin at the top, and keep the focus in them', async () => {
  const { person, redraw } = table()
  await person.keyboard('jjj')
  await focusOn('User 2')
  const scroll = vi.spyOn(Element.prototype, 'scrollTo')
  redraw({ entries: entries.slice(4), resetKey: 'acme?q=x' })
  await focusOn('User 4')
  expect(scroll).toHaveBeenCalledWith({ top: 0 })
  redraw({ entries: entries.slice(8), resetKey: 'acme?q=y' })
  await focusOn('User 8')
  scroll.mockRestore()
})

test('without rows the empty state stands in their place, not while they are being read', () => {
  table({ entries: [], total: 0 })
  expect(screen.getByText('Nothing')).toBeDefined()
})

test('the next page is asked for before the last row is reached', () => {
  const { onMore } = table({ hasMore: true })
  expect(onMore).toHaveBeenCalled()
})
