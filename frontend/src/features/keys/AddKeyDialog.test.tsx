// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { adminEn } from '../../i18n/admin.en'
import { formEn } from '../../i18n/form.en'
import type { Session, Tenant } from '../../model/api/types'
import { SessionProvider } from '../../model/session/session'
import { AddKeyDialog } from './AddKeyDialog'

const tenant = { id: 'acme', name: 'Acme', time_zone: 'Asia/Shanghai', data_permission: true } as Tenant
const messages = adminEn.keys

/** Draws the dialog; what it sends is kept. */
function dialog(role: Session['role'] = 'admin') {
  const sent = vi.fn()
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    if (!init.body) return new Response('[]', { headers: { 'Content-Type': 'application/json' } })
    sent(JSON.parse(String(init.body)))
    return new Response('{"id":"oplog_read_1"}', { status: 201, headers: { 'Content-Type': 'application/json' } })
  })
  const made = vi.fn()
  const drawn = draw(
    <QueryClientProvider client={new QueryClient()}>
      <SessionProvider value={{ username: 'ada', role, locale: 'en', tenants: [] }}>
        <AddKeyDialog tenant={tenant} onMade={made} onClose={() => {}} />
      </SessionProvider>
    </QueryClientProvider>,
  )
  return { ...drawn, sent, made, create: () => screen.getByRole('button', { name: messages.add }) }
}

afterEach(() => vi.unstubAllGlobals())

test('a key without limits is sent as before', async () => {
  const { person, sent, made, create } = dialog()
  await person.type(screen.getByRole('textbox', { name: messages.name }), 'CRM')
  await person.click(create())
  await waitFor(() => expect(made).toHaveBeenCalled())
  expect(sent).toHaveBeenCalledWith({ name: 'CRM', scope: 'write' })
})

test('the last day ends in the zone of the tenant; addresses are separated by any blank or comma', async () => {
  const { person, sent, made, create } = dialog()
  await person.type(screen.getByRole('textbox', { name: messages.name }), 'report')
  await person.click(screen.getByRole('radio', { name: new RegExp(`^${messages.scopes.directory}`) }))
  await person.type(screen.getByRole('textbox', { name: messages.lastDay }), '2099-01-31')
  await person.type(screen.getByRole('textbox', { name: messages.addresses }), '192.0.2.7，10.0.0.0/8  2001:db8::/32')
  await person.click(create())
  await waitFor(() => expect(made).toHaveBeenCalled())
  expect(sent).toHaveBeenCalledWith({
    name: 'report',
    scope: 'directory',
    expires_at: '2099-01-31T16:00:00.000Z',
    addresses: ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32'],
  })
})

test('an invalid day or address is said at its field, and nothing is sent', async () => {
  const { person, sent, create } = dialog()
  await person.type(screen.getByRole('textbox', { name: messages.name }), 'report')
  const day = screen.getByRole('textbox', { name: messages.lastDay })
  const addresses = screen.getByRole('textbox', { name: messages.addresses })
  await person.type(day, '2099-02-30')
  await person.type(addresses, '192.0.2.7/33')
  await person.click(create())
  expect(screen.getByText(formEn.fieldErrors.date)).toBeDefined()
  expect(document.activeElement).toBe(day)
  await person.clear(day)
  await person.click(create())
  expect(screen.getByText(messages.wrongAddresses)).toBeDefined()
  expect(document.activeElement).toBe(addresses)
  expect(sent).not.toHaveBeenCalled()
})

test('only a key that reads can be kept to an organization', async () => {
  const { person } = dialog()
  const sees = () => screen.queryByText(adminEn.accounts.sees)
  expect(sees()).toBeNull()
  await person.click(screen.getByRole('radio', { name: new RegExp(`^${messages.scopes.read}`) }))
  expect(sees()).not.toBeNull()
})

test('only an owner is offered a key that downloads the backup of all tenants', () => {
  const offered = () => screen.queryByRole('radio', { name: new RegExp(`^${messages.scopes.backup}`) })
  const admin = dialog()
  expect(offered()).toBeNull()
  expect(screen.getByRole('radio', { name: new RegExp(`^${messages.scopes.metrics}`) })).toBeDefined()
  admin.unmount()
  dialog('owner')
  expect(offered()).not.toBeNull()
})
