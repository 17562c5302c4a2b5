// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { adminEn } from '../../i18n/admin.en'
import { storageEn } from '../../i18n/storage.en'
import type { Retention, Tenant } from '../../model/api/types'
import { Toasts } from '../../ui/Toasts'
import { AccessRule } from './AccessRule'

const messages = adminEn.retention
const tenant = { id: 'acme', name: 'Acme', time_zone: 'UTC' } as unknown as Tenant
const rule = (days: number, from?: string) =>
  ({ access_retention_days: days, access_kept_from: from }) as unknown as Retention

afterEach(() => vi.unstubAllGlobals())

function show(rule: Retention, mayChange: boolean) {
  return draw(
    <QueryClientProvider client={new QueryClient()}>
      <Toasts>
        <AccessRule tenant={tenant} rule={rule} mayChange={mayChange} />
      </Toasts>
    </QueryClientProvider>,
  )
}

test('owners set how long the access log is kept, a year at least', async () => {
  const sent: unknown[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    sent.push([init.method, path, JSON.parse(String(init.body))])
    return new Response('{}', { status: 200, headers: { 'Content-Type': 'application/json' } })
  })
  const { person } = show(rule(0), true)
  expect(screen.getByText(messages.forever)).toBeTruthy()
  await person.click(screen.getByRole('button', { name: storageEn.accessChange }))
  await person.click(screen.getByRole('radio', { name: new RegExp(messages.forDays) }))
  const days = screen.getByLabelText<HTMLInputElement>(messages.daysLabel)
  expect(days.min).toBe('365')
  await person.clear(days)
  await person.type(days, '400')
  await person.click(screen.getByRole('button', { name: messages.save }))
  await waitFor(() => expect(sent).toEqual([['PATCH', '/api/v1/tenants/acme', { access_retention_days: 400 }]]))
})

test('admins see it', () => {
  show(rule(400, '2026-01-02'), false)
  expect(screen.getByText(messages.days(400))).toBeTruthy()
  expect(screen.getByText('2026-01-02 (UTC)')).toBeTruthy()
  expect(screen.queryByRole('button')).toBeNull()
})
