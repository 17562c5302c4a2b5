// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { titlesOf } from '../../model/log/catalog'
import { type Filters, noFilters } from '../../model/log/filters'
import { FieldChoices } from './FieldChoices'

afterEach(() => vi.unstubAllGlobals())

test('users and modules of the same name are told apart by their ids', async () => {
  const users = ['u1', 'u2'].map((value) => ({ value, name: 'Emma', count: 1 }))
  const summary = { facets: { user: [...users, { value: 'u3', name: 'Noah', count: 1 }] } }
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(summary)))
  const modules = ['a', 'b', 'c'].map((key) => ({
    key,
    title: { en: key === 'c' ? 'C' : 'Loyalty', 'zh-CN': '' },
    operations: [],
  }))
  const context = {
    tenant: 'acme',
    filters: noFilters,
    titles: titlesOf({ modules, operations: [] }, 'en'),
    nameOf: (_: string, value: string) => value,
    onFilters: () => {},
  }
  draw(
    <QueryClientProvider client={new QueryClient()}>
      <FieldChoices field="user" {...context} />
      <FieldChoices field="module" {...context} />
    </QueryClientProvider>,
  )
  await screen.findByRole('checkbox', { name: 'Noah' })
  expect(screen.getAllByRole('checkbox').map((box) => box.getAttribute('aria-label'))).toEqual([
    'Emma (u1)',
    'Emma (u2)',
    'Noah',
    'Loyalty (a)',
    'Loyalty (b)',
    'C',
  ])
})

test('while the archive is away, there are no counts, not zeros', async () => {
  const facets = { user: [], module: [], operation: [], organization: [], outcome: [], role: [] }
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ total: 7, archive: 'unavailable', facets })))
  const context = {
    tenant: 'acme',
    filters: noFilters,
    titles: titlesOf({ modules: [], operations: [] }, 'en'),
    nameOf: (_: string, value: string) => value,
    onFilters: () => {},
  }
  draw(
    <QueryClientProvider client={new QueryClient()}>
      <FieldChoices field="outcome" {...context} />
    </QueryClientProvider>,
  )
  await screen.findByText(/cannot be read for now/)
  expect(screen.getByRole('checkbox', { name: 'failure' }).closest('label')?.textContent).not.toContain('0')
})

/** Draws the choices of a field of a log with more values than a summary lists. */
function drawLong(field: 'user' | 'role', onFilters: (next: Filters) => void = () => {}) {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (path: string) => {
    const q = new URLSearchParams(path.split('?')[1]).get('q')
    asked.push(q ?? '')
    const listed = [{ value: 'u1', name: 'Emma', count: 9 }]
    const found = [{ value: 'u77', name: 'Zoë', count: 2 }]
    const facets = {
      user: q ? found : listed,
      role: [{ value: 'clerk', name: '', count: 9 }],
      more: { user: 4950, role: 3 },
    }
    return new Response(JSON.stringify({ facets: q ? { ...facets, more: {} } : facets }))
  })
  const context = {
    tenant: 'acme',
    filters: noFilters,
    titles: titlesOf({ modules: [], operations: [] }, 'en'),
    nameOf: (_: string, value: string) => value,
    onFilters,
  }
  draw(
    <QueryClientProvider client={new QueryClient()}>
      <FieldChoices field={field} {...context} />
    </QueryClientProvider>,
  )
  return asked
}

test('users beyond those listed are counted, and found by the server', async () => {
  const asked = drawLong('user')
  await screen.findByText('4,950 more. Type the start of a name or ID to find them.')
  fireEvent.change(screen.getByRole('textbox', { name: 'Find user' }), { target: { value: 'zoe' } })
  await screen.findByRole('checkbox', { name: 'Zoë' })
  expect(screen.queryByRole('checkbox', { name: 'Emma' })).toBeNull()
  expect(asked).toEqual(['', 'user:"zoe"'])
})

test('other values beyond those listed are chosen by typing them', async () => {
  const chosen: string[][] = []
  drawLong('role', ({ role }) => chosen.push(role))
  await screen.findByText('3 more. Type one in full to choose it.')
  fireEvent.change(screen.getByRole('textbox', { name: 'Find role' }), { target: { value: 'night clerk' } })
  fireEvent.click(await screen.findByRole('checkbox', { name: 'night clerk' }))
  expect(chosen).toEqual([['night clerk']])
})
