// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { answerPasskey, holdPasskey, refusePasskey, stubPasskeys } from '../../../build/passkeys'
import { factorEn as messages } from '../../i18n/factor.en'
import { queryKeys } from '../../model/api/queryKeys'
import type { Session } from '../../model/api/types'
import { Toasts } from '../../ui/Toasts'
import SecondFactorPage from './SecondFactorPage'

afterEach(() => vi.unstubAllGlobals())

const pending: Session = { username: 'ada', role: 'owner', locale: 'en', tenants: [] }
const signedIn = { ...pending, tenants: [{ id: 'acme', name: 'Acme', time_zone: 'UTC', data_permission: false }] }

/** Draws the page of a pending session, with a server that gives these answers in turn. */
function open(step: NonNullable<Session['second_factor']>, answers: (readonly [number, unknown])[]) {
  const sent = vi.fn()
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const [status, body] = answers[sent.mock.calls.length] ?? [500, {}]
    sent(`${init.method} ${url.replace(/^.*\/api\/v1/, '')}`, init.body ? JSON.parse(String(init.body)) : undefined)
    return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
  })
  const client = new QueryClient()
  const drawn = draw(
    <QueryClientProvider client={client}>
      <Toasts>
        <SecondFactorPage session={{ ...pending, second_factor: step }} onLanguage={() => {}} />
      </Toasts>
    </QueryClientProvider>,
  )
  return { ...drawn, client, sent }
}

const wrong = (field: string, left: number) =>
  [422, { detail: 'Invalid.', errors: [{ location: `body.${field}`, message: 'is wrong', value: left }] }] as const
const codeInput = () => screen.getByRole<HTMLInputElement>('textbox', { name: messages.codeName })

test('a code is sent after its sixth digit, and a wrong one empties the boxes and keeps the focus', async () => {
  const { person, client, sent } = open({ enroll: false, methods: ['totp', 'recovery_code'] }, [
    wrong('code', 4),
    [200, signedIn],
  ])
  expect(document.activeElement).toBe(codeInput())
  await person.type(codeInput(), '12a34 5')
  expect(codeInput().value).toBe('12345')
  expect(sent).not.toHaveBeenCalled()
  await person.type(codeInput(), '6')
  expect((await screen.findByRole('alert')).textContent).toBe(messages.wrongCode(4))
  expect(codeInput().value).toBe('')
  expect(document.activeElement).toBe(codeInput())
  await person.paste('６５４ 321')
  await waitFor(() => expect(client.getQueryData(queryKeys.session)).toEqual(signedIn))
  expect(sent.mock.calls).toEqual([
    ['POST /session/second-factor', { code: '123456' }],
    ['POST /session/second-factor', { code: '654321' }],
  ])
})

test('a recovery code signs in in place of the app', async () => {
  const { person, client, sent } = open({ enroll: false, methods: ['totp', 'recovery_code'] }, [
    wrong('recovery_code', 1),
    [200, signedIn],
  ])
  await person.click(screen.getByRole('button', { name: messages.useRecovery }))
  await person.type(screen.getByLabelText(messages.recoveryCode), 'abcd-efgh{Enter}')
  expect((await screen.findByRole('alert')).textContent).toBe(messages.wrongCode(1))
  await person.click(screen.getByRole('button', { name: messages.signIn }))
  await waitFor(() => expect(client.getQueryData(queryKeys.session)).toEqual(signedIn))
  expect(sent).toHaveBeenLastCalledWith('POST /session/second-factor', { recovery_code: 'abcd-efgh' })
  await person.click(screen.getByRole('button', { name: messages.useApp }))
  expect(codeInput()).toBeTruthy()
})

const asked = [200, { options: { challenge: 'AQ' } }] as const

test('an account with only a passkey is asked for it, not for a recovery code', async () => {
  stubPasskeys(refusePasskey, answerPasskey('proved'), answerPasskey('proved'))
  const { person, client, sent } = open({ enroll: false, methods: ['passkey', 'recovery_code'] }, [
    asked,
    asked,
    wrong('passkey', 3),
    asked,
    [200, signedIn],
  ])
  const use = screen.getByRole('button', { name: messages.usePasskey })
  expect(document.activeElement).toBe(use)
  await person.keyboard('{Enter}')
  expect((await screen.findByRole('alert')).textContent).toBe(messages.signInFailed(messages.passkeyFaults.notUsed))
  await person.click(screen.getByRole('button', { name: messages.useRecovery }))
  await person.click(screen.getByRole('button', { name: messages.usePasskeyInstead }))
  await person.keyboard('{Enter}')
  expect((await screen.findByRole('alert')).textContent).toBe(messages.signInFailed(messages.wrongPasskey(3)))
  await person.click(screen.getByRole('button', { name: messages.usePasskey }))
  await waitFor(() => expect(client.getQueryData(queryKeys.session)).toEqual(signedIn))
  expect(sent.mock.calls.slice(-2)).toEqual([
    ['POST /session/second-factor/passkeys/assertion', undefined],
    ['POST /session/second-factor', { passkey: 'proved' }],
  ])
})

test('a passkey is offered beside the app, and its prompt ends when the step is left', async () => {
  const prompt = vi.fn(holdPasskey())
  stubPasskeys(prompt)
  const { person } = open({ enroll: false, methods: ['totp', 'passkey', 'recovery_code'] }, [asked])
  expect(document.activeElement).toBe(codeInput())
  await person.click(screen.getByRole('button', { name: messages.usePasskeyInstead }))
  await waitFor(() => expect(prompt).toHaveBeenCalled())
  await person.click(screen.getByRole('button', { name: messages.useRecovery }))
  expect(prompt.mock.calls[0]?.[0].signal.aborted).toBe(true)
})

test('where all passkeys are of other addresses, it says so', async () => {
  const { unmount } = open({ enroll: false, methods: ['recovery_code'] }, [])
  expect(screen.getByText(messages.recoveryHere)).toBeTruthy()
  unmount()
  open({ enroll: false, methods: [] }, [])
  expect(screen.getByText(messages.passkeysElsewhere)).toBeTruthy()
})

test('who must have a second factor may begin with a passkey', async () => {
  stubPasskeys(refusePasskey, answerPasskey('made'))
  const { person, sent } = open({ enroll: true, methods: ['totp', 'passkey'] }, [
    asked,
    asked,
    [201, { passkey: {}, recovery_codes: ['aaaa-bbbb-cccc-dddd'] }],
  ])
  await person.click(screen.getByRole('button', { name: messages.addPasskey }))
  const name = screen.getByLabelText(messages.passkeyName)
  await person.clear(name)
  await person.type(name, 'Laptop{Enter}')
  expect((await screen.findByRole('alert')).textContent).toBe(messages.notTurnedOn(messages.passkeyFaults.notMade))
  await person.click(screen.getByRole('button', { name: messages.createPasskey }))
  expect(await screen.findAllByText('aaaa-bbbb-cccc-dddd')).toHaveLength(2)
  expect(sent.mock.calls).toEqual([
    ['POST /session/second-factor/passkeys/options', {}],
    ['POST /session/second-factor/passkeys/options', {}],
    ['POST /session/second-factor/passkeys', { name: 'Laptop', credential: 'made' }],
  ])
})

test('who must have a second factor sets it up, and is asked before leaving the recovery codes', async () => {
  const codes = ['aaaa-bbbb-cccc-dddd', 'eeee-ffff-gggg-hhhh']
  const { person, client, sent } = open({ enroll: true, methods: ['totp'] }, [
    [200, { secret: 'JBSWY3DPEHPK3PXP', uri: 'otpauth://totp/oplog:ada?secret=JBSWY3DPEHPK3PXP' }],
    wrong('code', 4),
    [200, { recovery_codes: codes }],
  ])
  await person.click(screen.getByRole('button', { name: messages.setUp }))
  expect(await screen.findByText('JBSW Y3DP EHPK 3PXP')).toBeTruthy()
  expect((await screen.findByRole('img', { name: messages.qr })).getAttribute('width')).toBe('152')
  await person.type(codeInput(), '111111')
  expect((await screen.findByRole('alert')).textContent).toBe(messages.wrongCode(4))
  await person.type(codeInput(), '222222')
  expect(await screen.findAllByText('aaaa-bbbb-cccc-dddd')).toHaveLength(2) // one of them for paper
  expect(sent.mock.calls.map(([call]) => call)).toEqual([
    'POST /session/second-factor/totp',
    'PUT /session/second-factor/totp',
    'PUT /session/second-factor/totp',
  ])

  const invalidate = vi.spyOn(client, 'invalidateQueries')
  await person.click(screen.getByRole('button', { name: messages.continue }))
  expect(screen.getByRole('alert').textContent).toBe(messages.notSaved)
  expect(invalidate).not.toHaveBeenCalled()
  fireEvent(window, new Event('afterprint'))
  await waitFor(() => expect(screen.queryByRole('alert')).toBeNull())
  await person.click(screen.getByRole('button', { name: messages.continue }))
  expect(invalidate).toHaveBeenCalledWith({ queryKey: queryKeys.session })
})
