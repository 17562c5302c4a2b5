// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { MemoryRouter } from 'react-router'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { en } from '../../i18n/en'
import { sessionEn } from '../../i18n/session.en'
import SignInPage from './SignInPage'

afterEach(() => vi.unstubAllGlobals())

const corp = { name: 'corp', title: 'Corporate directory', kind: 'ldap' }
const lab = { name: 'lab', title: 'Lab', kind: 'ldap' }
const sso = { name: 'sso', title: 'Company sign-in', kind: 'oidc', icon: 'data:image/svg+xml;base64,PHN2Zy8+' }

/** Draws the page at an address of a log with some sources, which answers sign-ins with a status and a problem. */
function drawAt(address: string, providers: object[], status = 401, problem: object = { detail: 'wrong' }) {
  const sent = vi.fn()
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const headers = { 'Content-Type': 'application/json' }
    if (url.endsWith('/providers')) return new Response(JSON.stringify({ providers }), { headers })
    sent(JSON.parse(String(init.body)))
    return new Response(JSON.stringify(problem), { status, headers })
  })
  const { person } = draw(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter initialEntries={[address]}>
        <SignInPage ended={false} onLanguage={() => {}} />
      </MemoryRouter>
    </QueryClientProvider>,
  )
  return { person, sent }
}

test('a provider is a link that comes back to where the person was going; one directory needs no choice', async () => {
  const { person, sent } = drawAt('/sign-in?next=%2Ft%2Facme%2Flog%3Fq%3Dx', [corp, sso])
  const link = await screen.findByRole('link', { name: sessionEn.signInWith('Company sign-in') })
  expect(link.getAttribute('href')).toBe('/api/v1/session/oidc/sso?next=%2Ft%2Facme%2Flog%3Fq%3Dx')
  expect(link.querySelector('img')?.getAttribute('src')).toBe(sso.icon)
  expect(screen.queryByLabelText(sessionEn.accountOf)).toBeNull()
  await person.type(screen.getByLabelText(en.username), 'alice')
  await person.type(screen.getByLabelText(en.password), 'right')
  await person.click(screen.getByRole('button', { name: sessionEn.signIn }))
  await screen.findByText(sessionEn.wrongCredentials)
  expect(sent).toHaveBeenLastCalledWith({ username: 'alice', password: 'right', locale: 'en' })
})

test('of several directories one can be chosen', async () => {
  const { person, sent } = drawAt('/sign-in', [corp, lab])
  await person.selectOptions(await screen.findByLabelText(sessionEn.accountOf), 'Lab')
  await person.type(screen.getByLabelText(en.username), 'alice')
  await person.type(screen.getByLabelText(en.password), 'right{Enter}')
  await waitFor(() =>
    expect(sent).toHaveBeenLastCalledWith({ username: 'alice', password: 'right', locale: 'en', source: 'lab' }),
  )
})

test('somebody who may not use the log reads that and no more', async () => {
  const { person } = drawAt('/sign-in', [], 403, { type: 'urn:oplog:no-rule', detail: 'You are not allowed.' })
  await person.type(screen.getByLabelText(en.username), 'bob')
  await person.type(screen.getByLabelText(en.password), 'right{Enter}')
  await screen.findByText(sessionEn.notAllowedText)
  await person.click(screen.getByRole('button', { name: sessionEn.backToSignIn }))
  await screen.findByLabelText(en.username)
})

test.each([
  ['again', sessionEn.providerFailures.again('Company sign-in')],
  ['unavailable', sessionEn.providerFailures.unavailable('Company sign-in')],
  ['too-many', sessionEn.providerFailures['too-many']()],
  ['anything else', sessionEn.providerFailures.failed('Company sign-in')],
  ['not-allowed', sessionEn.notAllowedText],
])('the address says %s, and the page what to do', async (code, text) => {
  drawAt(`/sign-in?error=${encodeURIComponent(code)}&source=sso`, [sso])
  await screen.findByText(text)
})
