// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { adminEn } from '../../i18n/admin.en'
import { archiveEn as messages } from '../../i18n/archive.en'
import type { ArchiveTenant, Tenant, TenantArchive } from '../../model/api/types'
import { Toasts } from '../../ui/Toasts'
import { ArchiveRule } from './ArchiveRule'

const tenant = { id: 'acme', name: 'Acme', time_zone: 'UTC' } as unknown as Tenant
const of = (change: Partial<ArchiveTenant>) => ({ removed_entries: 0, days: 0, ...change }) as ArchiveTenant

afterEach(() => vi.unstubAllGlobals())

function show(state: TenantArchive, mayChange: boolean) {
  const sent: unknown[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (init.method === 'GET') return new Response(JSON.stringify(state))
    sent.push([init.method, path, JSON.parse(String(init.body))])
    return new Response('{}')
  })
  const drawn = draw(
    <QueryClientProvider client={new QueryClient()}>
      <Toasts>
        <ArchiveRule tenant={tenant} mayChange={mayChange} />
      </Toasts>
    </QueryClientProvider>,
  )
  return { ...drawn, sent }
}

test('owners set after how many days entries go to the archive, 30 at least', async () => {
  const { person, sent } = show({ configured: true, reachable: true }, true)
  expect(await screen.findByText(messages.ruleNever)).toBeTruthy()
  await person.click(screen.getByRole('button', { name: messages.ruleChange }))
  await person.click(screen.getByRole('radio', { name: new RegExp(messages.afterChoice) }))
  const days = screen.getByLabelText<HTMLInputElement>(messages.daysLabel)
  expect([days.min, days.value]).toEqual(['30', '180'])
  await person.clear(days)
  await person.type(days, '90')
  await person.click(screen.getByRole('button', { name: adminEn.retention.save }))
  await waitFor(() => expect(sent).toEqual([['PATCH', '/api/v1/tenants/acme', { archive_after: 90 }]]))
})

test('a tenant whose days are archived can be set back to never', async () => {
  const { person, sent } = show({ configured: false, reachable: false, tenant: of({ archive_after: 90 }) }, true)
  await person.click(await screen.findByRole('button', { name: messages.ruleChange }))
  await person.click(screen.getByRole('radio', { name: new RegExp(messages.ruleNever) }))
  await person.click(screen.getByRole('button', { name: adminEn.retention.save }))
  await waitFor(() => expect(sent).toEqual([['PATCH', '/api/v1/tenants/acme', { archive_after: 0 }]]))
})

test('admins see the rule, and what is in the archive', async () => {
  const archived = of({
    archive_after: 90,
    days: 3,
    entries: 19,
    removed_entries: 12,
    first: '2026-05-01',
    last: '2026-05-03',
  })
  show({ configured: true, reachable: true, tenant: archived }, false)
  expect(await screen.findByText(messages.ruleAfter(90))).toBeTruthy()
  const facts = screen.getAllByRole('definition').map((fact) => fact.textContent)
  expect(facts).toEqual([
    messages.ruleAfter(90),
    '3 days2026-05-01 to 2026-05-03 (UTC)',
    '19 entries12 of them only there',
  ])
  expect(screen.queryByRole('button')).toBeNull()
})

test('without an archive there is no such part', async () => {
  const { container } = show({ configured: false, reachable: false }, true)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(container.textContent).toBe('')
})
