// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { en } from '../../i18n/en'
import { sessionEn } from '../../i18n/session.en'
import { queryKeys } from '../../model/api/queryKeys'
import PasswordPage from './PasswordPage'

afterEach(() => vi.unstubAllGlobals())

test('the password that somebody else set is replaced; what is refused is said at its field', async () => {
  const sent = vi.fn()
  const answers = [
    [422, { detail: 'The request is invalid.', errors: [{ location: 'body.old_password', message: 'is wrong' }] }],
    [422, { detail: 'The password cannot be used.', errors: [{ location: 'body.password', message: 'is common' }] }],
    [200, { username: 'ada' }],
  ] as const
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    const [status, body] = answers[sent.mock.calls.length] ?? [500, {}]
    sent(JSON.parse(String(init.body)))
    return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
  })
  const client = new QueryClient()
  const { person } = draw(
    <QueryClientProvider client={client}>
      <PasswordPage username="ada" onLanguage={() => {}} />
    </QueryClientProvider>,
  )
  const change = () => person.click(screen.getByRole('button', { name: en.changePassword }))
  const old = screen.getByLabelText(sessionEn.oldPassword)
  const next = screen.getByLabelText(sessionEn.ownNewPassword)
  await person.type(old, 'given')
  await person.type(next, 'too short')
  await change()
  expect(sent).not.toHaveBeenCalled()
  await person.clear(next)
  await person.type(next, 'Password1234')
  await change()
  await screen.findByText(sessionEn.oldPasswordWrong)
  await change()
  await screen.findByText(sessionEn.passwordRefused)
  await change()
  await waitFor(() => expect(client.getQueryData(queryKeys.session)).toEqual({ username: 'ada' }))
  expect(sent).toHaveBeenLastCalledWith({ password: 'Password1234', old_password: 'given' })
})
