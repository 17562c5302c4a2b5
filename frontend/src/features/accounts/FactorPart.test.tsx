// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { factorEn as words } from '../../i18n/factor.en'
import { listEn } from '../../i18n/list.en'
import { Toasts } from '../../ui/Toasts'
import { FactorPart } from './FactorPart'

afterEach(() => vi.unstubAllGlobals())

const factor = { totp: true, recovery_codes: 7, passkeys: [], passkeys_possible: false, required: false }

function open(start: object, ...answers: (readonly [number, unknown])[]) {
  const sent = vi.fn()
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const [status, body] = init.method === 'GET' ? [200, start] : (answers[sent.mock.calls.length] ?? [500, {}])
    if (init.method !== 'GET') sent(`${init.method} ${url.replace(/^.*second-factor/, '')}`, JSON.parse(`${init.body}`))
    return new Response(status === 204 ? null : JSON.stringify(body), { status })
  })
  const drawn = draw(
    <QueryClientProvider client={new QueryClient()}>
      <Toasts>
        <FactorPart />
      </Toasts>
    </QueryClientProvider>,
  )
  return { ...drawn, sent }
}

test('removing the app asks for a code, or for the password', async () => {
  const wrong = { detail: 'Invalid.', errors: [{ location: 'body.code', message: 'is wrong', value: 2 }] }
  const { person, sent } = open(factor, [422, wrong], [204, undefined])
  expect(await screen.findByText(words.codesLeft(7))).toBeTruthy()
  await person.click(screen.getByRole('button', { name: listEn.remove }))
  const code = () => screen.getByRole<HTMLInputElement>('textbox', { name: words.codeName })
  await person.type(code(), '123456')
  expect((await screen.findByRole('alert')).textContent).toBe(words.wrongCode(2))
  expect(code().value).toBe('')
  await person.click(screen.getByRole('button', { name: words.usePassword }))
  await person.type(screen.getByLabelText(words.yourPassword), 'correct horse battery{Enter}')
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(sent.mock.calls).toEqual([
    ['DELETE /totp', { code: '123456' }],
    ['DELETE /totp', { password: 'correct horse battery' }],
  ])
})

test('what is required is replaced, not removed', async () => {
  open({ ...factor, required: true })
  expect(await screen.findByText(words.requiredText)).toBeTruthy()
  expect(screen.getByRole('button', { name: words.replace })).toBeTruthy()
  expect(screen.queryByRole('button', { name: listEn.remove })).toBeNull()
})
