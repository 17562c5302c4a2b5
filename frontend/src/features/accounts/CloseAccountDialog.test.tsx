// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { adminEn } from '../../i18n/admin.en'
import type { Account, AccountKey, Tenant } from '../../model/api/types'
import { CloseAccountDialog } from './CloseAccountDialog'

const tenant = { id: 'acme', name: 'Acme', time_zone: 'Asia/Shanghai', data_permission: true } as Tenant
const account = { username: 'li/lei', role: 'admin', tenant: 'acme' } as Account
const messages = adminEn.accounts

const key = (id: string, of: string) =>
  ({ id, tenant: of, scope: 'write', name: `of ${of}`, created_at: '2026-11-22T08:00:00Z' }) as AccountKey

/** Draws the dialog of an account that made keys; what it asks is kept. */
function dialog(keys: AccountKey[]) {
  const asked = vi.fn()
  const json = (body: unknown) =>
    new Response(JSON.stringify(body), { status: 200, headers: { 'Content-Type': 'application/json' } })
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    asked(init.method ?? 'GET', new URL(url, 'http://localhost').href.replace('http://localhost', ''))
    return init.method === 'DELETE' ? json({ account, ended_sessions: 1, removed_views: 0, keys }) : json({ keys })
  })
  const closed = vi.fn()
  const drawn = draw(
    <QueryClientProvider client={new QueryClient()}>
      <CloseAccountDialog tenant={tenant} account={account} onClose={closed} />
    </QueryClientProvider>,
  )
  return { ...drawn, asked, closed, button: () => screen.getByRole('button', { name: messages.closeAction }) }
}

afterEach(() => vi.unstubAllGlobals())

test('the keys that it made are listed, with the tenant of those of others; they stay unless that is chosen', async () => {
  const { person, asked, closed, button } = dialog([key('oplog_write_1', 'acme'), key('oplog_write_2', 'other')])
  expect(await screen.findByText('oplog_write_1…')).toBeDefined()
  expect(screen.getByText('other · oplog_write_2…')).toBeDefined()
  await person.click(button())
  await waitFor(() => expect(closed).toHaveBeenCalled())
  expect(asked).toHaveBeenCalledWith('DELETE', '/api/v1/accounts/li%2Flei?revoke_keys=false')
})

test('the keys are revoked, too, if that is ticked', async () => {
  const { person, asked, closed, button } = dialog([key('oplog_write_1', 'acme')])
  await person.click(await screen.findByRole('checkbox', { name: messages.revokeKeys }))
  await person.click(button())
  await waitFor(() => expect(closed).toHaveBeenCalled())
  expect(asked).toHaveBeenCalledWith('DELETE', '/api/v1/accounts/li%2Flei?revoke_keys=true')
})

test('an account without keys says so', async () => {
  dialog([])
  expect(await screen.findByText(messages.closeNoKeys)).toBeDefined()
  expect(screen.queryByRole('checkbox')).toBeNull()
})
