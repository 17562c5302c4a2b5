// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { answerPasskey, holdPasskey, refusePasskey, stubPasskeys } from '../../../build/passkeys'
import { factorEn as messages } from '../../i18n/factor.en'
import { listEn } from '../../i18n/list.en'
import type { SecondFactor, Session } from '../../model/api/types'
import { SessionProvider } from '../../model/session/session'
import { Toasts } from '../../ui/Toasts'
import { FactorPart } from './FactorPart'

afterEach(() => vi.unstubAllGlobals())

const factor: SecondFactor = { totp: true, recovery_codes: 7, passkeys: [], passkeys_possible: false, required: false }
const laptop = { id: 'Lp-1', name: 'Laptop', host: window.location.hostname, created_at: '2026-11-03T20:00:00Z' }
const byPasskey = { ...factor, totp: false, passkeys: [laptop], passkeys_possible: true }
const session: Session = { username: 'ada', role: 'owner', locale: 'en', tenants: [] }

function open(start: SecondFactor, ...answers: (readonly [number, unknown])[]) {
  const sent = vi.fn()
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const [status, body] = init.method === 'GET' ? [200, start] : (answers[sent.mock.calls.length] ?? [500, {}])
    if (init.method !== 'GET') sent(`${init.method} ${url.replace(/^.*second-factor/, '')}`, JSON.parse(`${init.body}`))
    return new Response(status === 204 ? null : JSON.stringify(body), { status })
  })
  const drawn = draw(
    <QueryClientProvider client={new QueryClient()}>
      <Toasts>
        <SessionProvider value={session}>
          <FactorPart zone="Asia/Shanghai" />
        </SessionProvider>
      </Toasts>
    </QueryClientProvider>,
  )
  return { ...drawn, sent }
}

const button = (name: string) => screen.getByRole('button', { name })
const removing = (what: string) => messages.actionOn(listEn.remove, what)

test('removing the app asks for a code, or for the password', async () => {
  const wrong = { detail: 'Invalid.', errors: [{ location: 'body.code', message: 'is wrong', value: 2 }] }
  const { person, sent } = open(factor, [422, wrong], [204, undefined])
  expect(await screen.findByText(messages.codesLeft(7))).toBeTruthy()
  await person.click(button(removing(messages.app)))
  const code = () => screen.getByRole<HTMLInputElement>('textbox', { name: messages.codeName })
  await person.type(code(), '123456')
  expect((await screen.findByRole('alert')).textContent).toBe(messages.wrongCode(2))
  expect(code().value).toBe('')
  await person.click(button(messages.usePassword))
  await person.type(screen.getByLabelText(messages.yourPassword), 'correct horse battery{Enter}')
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(sent.mock.calls).toEqual([
    ['DELETE /totp', { code: '123456' }],
    ['DELETE /totp', { password: 'correct horse battery' }],
  ])
})

test('of what is required, all but the last one can be removed', async () => {
  open({ ...factor, required: true })
  expect(await screen.findByText(messages.requiredText)).toBeTruthy()
  expect(button(messages.actionOn(messages.replace, messages.app))).toBeTruthy()
  expect(screen.queryByRole('button', { name: removing(messages.app) })).toBeNull()
})

test('with an app and a passkey, either can be removed, though one is required', async () => {
  open({ ...byPasskey, totp: true, required: true })
  expect(await screen.findByRole('button', { name: removing(messages.app) })).toBeTruthy()
  expect(button(removing('Laptop'))).toBeTruthy()
})

test('an account with only a passkey is on, and says of each where and when it was used', async () => {
  const used = { ...laptop, id: '2', name: 'Phone', host: 'log.example.com', last_used_at: '2026-11-09T01:02:03Z' }
  const { person } = open({ ...byPasskey, passkeys: [laptop, used] })
  expect(await screen.findByText(messages.on)).toBeTruthy()
  expect(screen.getByText(messages.passkeyUnused('2026-11-04'))).toBeTruthy()
  const elsewhere = `${messages.passkeyUsed('2026-11-04', '2026-11-09 09:02')} ${messages.passkeyAt('log.example.com')}`
  expect(screen.getByText(elsewhere)).toBeTruthy()
  expect(screen.queryByText(messages.app)).toBeNull()
  expect(button(messages.setUpApp)).toBeTruthy()
  await person.click(button(messages.newCodes))
  expect(screen.getByLabelText(messages.yourPassword)).toBeTruthy() // there is no code to ask for
})

test('a passkey is added by the browser, and may be tried again after a refusal', async () => {
  const codes = ['aaaa-bbbb-cccc-dddd']
  const options = { challenge: 'AQ' }
  stubPasskeys(refusePasskey, answerPasskey('made'))
  const { person, sent } = open(
    { ...factor, totp: false, recovery_codes: 0, passkeys_possible: true },
    [200, { options }],
    [201, { passkey: laptop, recovery_codes: codes }],
  )
  expect(await screen.findByText(messages.offTextEither)).toBeTruthy()
  await person.click(button(messages.addPasskey))
  await person.type(screen.getByLabelText(messages.yourPassword), 'correct horse battery{Enter}')
  const name = await screen.findByLabelText(messages.passkeyName)
  await person.clear(name)
  await person.type(name, ' Laptop {Enter}')
  expect((await screen.findByRole('alert')).textContent).toBe(messages.passkeyFaults.notMade)
  await person.click(button(messages.createPasskey))
  expect(await screen.findAllByText('aaaa-bbbb-cccc-dddd')).toHaveLength(2) // one of them for paper
  expect(sent.mock.calls).toEqual([
    ['POST /passkeys/options', { password: 'correct horse battery' }],
    ['POST /passkeys', { name: 'Laptop', credential: 'made' }],
  ])
})

test('closing the dialog ends the prompt of the browser', async () => {
  const prompt = vi.fn(holdPasskey())
  stubPasskeys(prompt)
  const { person, sent } = open(byPasskey, [200, { options: { challenge: 'AQ' } }])
  await person.click(await screen.findByRole('button', { name: messages.addPasskey }))
  await person.type(screen.getByLabelText(messages.yourPassword), 'correct horse battery{Enter}')
  await person.type(await screen.findByLabelText(messages.passkeyName), 'Phone{Enter}')
  await waitFor(() => expect(prompt).toHaveBeenCalled())
  await person.click(button(listEn.cancel))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(prompt.mock.calls[0]?.[0].signal.aborted).toBe(true)
  expect(sent).toHaveBeenCalledTimes(1)
})

test('removing the last passkey says that the password alone signs in', async () => {
  const { person, sent } = open(byPasskey, [204, undefined])
  await person.click(await screen.findByRole('button', { name: removing('Laptop') }))
  expect(screen.getByText(messages.removeLastPasskeyText('Laptop'))).toBeTruthy()
  await person.type(screen.getByLabelText(messages.yourPassword), 'correct horse battery{Enter}')
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(sent.mock.calls).toEqual([['DELETE /passkeys/Lp-1', { password: 'correct horse battery' }]])
})
