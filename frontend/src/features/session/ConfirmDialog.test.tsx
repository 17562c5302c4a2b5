// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { MemoryRouter } from 'react-router'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { answerPasskey, stubPasskeys } from '../../../build/passkeys'
import { factorEn } from '../../i18n/factor.en'
import { listEn } from '../../i18n/list.en'
import { viewingEn as messages } from '../../i18n/viewing.en'
import { call } from '../../model/api/http'
import type { Confirmation } from '../../model/api/types'
import { ConfirmHost } from './ConfirmHost'

await import('./ConfirmDialog') // which loads late
afterEach(() => vi.unstubAllGlobals())

const refusal = { type: 'urn:oplog:confirm-required', detail: 'This cannot be undone.' }

/** A server that refuses a request until it is confirmed, with the answers to what is sent to confirm it. */
function open(methods: Confirmation['methods'], answers: (readonly [number, unknown])[], at = '/') {
  let confirmed = false
  const sent = vi.fn()
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const path = url.replace('/api/v1', '')
    if (init.method === 'GET') return new Response(JSON.stringify({ methods, source: 'sso', title: 'Company' }))
    if (path === '/done')
      return new Response(JSON.stringify(confirmed ? {} : refusal), { status: confirmed ? 200 : 403 })
    if (path.endsWith('/assertion')) return new Response(JSON.stringify({ options: { challenge: 'AQ' } }))
    sent(JSON.parse(`${init.body}`))
    const [status, body] = answers.shift() ?? [500, {}]
    confirmed ||= status === 200
    return new Response(JSON.stringify(body), { status })
  })
  const drawn = draw(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter initialEntries={[at]}>
        <ConfirmHost />
      </MemoryRouter>
    </QueryClientProvider>,
  )
  return { ...drawn, sent, request: () => call('/api/v1/done', { method: 'DELETE' }) }
}

test('a refused request is sent again once the password is right', async () => {
  const wrong = { detail: 'Invalid.', errors: [{ location: 'body.password', message: 'is wrong' }] }
  const { person, sent, request } = open(
    ['password', 'totp'],
    [
      [422, wrong],
      [200, {}],
    ],
  )
  const both = Promise.all([request(), request()]) // one question does for both
  const field = await screen.findByLabelText(messages.passwordOf('Company'))
  await person.type(field, 'guessed it{Enter}')
  expect(await screen.findByText(factorEn.wrongPassword)).toBeTruthy()
  await person.type(screen.getByLabelText(messages.passwordOf('Company')), 'correct horse battery{Enter}')
  expect(await both).toEqual([{}, {}])
  expect(sent.mock.calls).toEqual([[{ password: 'guessed it' }], [{ password: 'correct horse battery' }]])
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
})

test('a code does, too, and cancelling leaves the refusal', async () => {
  const { person, sent, request } = open(['password', 'totp'], [[200, {}]])
  const first = request()
  first.catch(() => {})
  await person.click(await screen.findByRole('button', { name: listEn.cancel }))
  await expect(first).rejects.toMatchObject({ reason: 'confirm-required' })
  const second = request()
  await person.click(await screen.findByRole('button', { name: messages.ways.totp }))
  await person.type(screen.getByRole('textbox', { name: factorEn.codeName }), '123456')
  await second
  expect(sent.mock.calls).toEqual([[{ code: '123456' }]])
})

test('a passkey is proved by the browser', async () => {
  stubPasskeys(answerPasskey('signed'))
  const { person, sent, request } = open(['passkey'], [[200, {}]])
  const done = request()
  await person.click(await screen.findByRole('button', { name: messages.confirm }))
  await done
  expect(sent.mock.calls).toEqual([[{ passkey: 'signed' }]])
})

test('people of an identity provider go there, and read how it ended', async () => {
  const { request } = open(['provider'], [], '/t/acme/settings/retention?confirm=other-person')
  expect(await screen.findByText(messages.outcomes['other-person'])).toBeTruthy()
  request().catch(() => {})
  expect(await screen.findByRole('button', { name: messages.goToProvider('Company') })).toBeTruthy()
  expect(screen.getByText(messages.atProvider('Company'))).toBeTruthy()
})

test('leaving the console cancels the question', async () => {
  const { request, unmount } = open(['password'], [])
  const done = request()
  done.catch(() => {})
  await screen.findByRole('dialog')
  unmount()
  await expect(done).rejects.toMatchObject({ reason: 'confirm-required' })
  await expect(request()).rejects.toMatchObject({ reason: 'confirm-required' }) // nothing is there that could ask
})
