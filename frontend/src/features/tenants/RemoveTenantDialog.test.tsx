// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { adminEn } from '../../i18n/admin.en'
import type { TenantSettings } from '../../model/api/types'
import { RemoveTenantDialog } from './RemoveTenantDialog'

const messages = adminEn.tenants

afterEach(() => vi.unstubAllGlobals())

test('a tenant is removed once its id is typed exactly, and can be downloaded before', async () => {
  const sent = vi.fn()
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    sent(init.method, String(url), JSON.parse(String(init.body)))
    return new Response('{"id":"a.b-c"}', { status: 202, headers: { 'Content-Type': 'application/json' } })
  })
  const closed = vi.fn()
  const { person } = draw(
    <QueryClientProvider client={new QueryClient()}>
      <RemoveTenantDialog tenant={{ id: 'a.b-c', name: 'ABC' } as TenantSettings} onClose={closed} />
    </QueryClientProvider>,
  )
  expect(screen.getByRole('link', { name: messages.exportFirst }).getAttribute('href')).toContain(
    '/api/v1/tenants/a.b-c/everything',
  )
  const field = screen.getByRole('textbox', { name: messages.confirmID })
  const button = screen.getByRole('button', { name: messages.remove })
  await person.type(field, 'axb-c')
  await person.click(button)
  expect(sent).not.toHaveBeenCalled()
  await person.clear(field)
  await person.type(field, 'a.b-c')
  await person.click(button)
  await waitFor(() => expect(closed).toHaveBeenCalled())
  expect(sent).toHaveBeenCalledWith('DELETE', '/api/v1/tenants/a.b-c', { confirm: 'a.b-c' })
})
