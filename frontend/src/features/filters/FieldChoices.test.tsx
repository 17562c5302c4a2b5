// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { titlesOf } from '../../model/log/catalog'
import { noFilters } from '../../model/log/filters'
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
