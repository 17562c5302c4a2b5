// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, within } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { identityEn as messages } from '../../i18n/identity.en'
import type { Identity, IdentityPreviews, Tenant } from '../../model/api/types'
import IdentityPage from './IdentityPage'

afterEach(() => vi.unstubAllGlobals())

const tenant: Tenant = { id: 'acme', name: 'Acme', time_zone: 'UTC', data_permission: false, locale: 'en' } as Tenant
const since = new Date(Date.now() - 3_600_000).toISOString()
const soon = new Date(Date.now() + 5 * 86_400_000).toISOString()
const identity: Identity = {
  sources: [
    {
      name: 'corp',
      title: 'Corporate directory',
      kind: 'ldap',
      answers: true,
      since,
      servers: [
        { url: 'ldaps://one.example', error: 'refuses the connection' },
        { url: 'ldaps://two.example', certificate_ends: soon },
      ],
    },
    {
      name: 'sso',
      title: 'Company sign-in',
      kind: 'oidc',
      answers: false,
      since,
      servers: [{ url: 'https://id.example', error: 'no answer within 5s' }],
    },
  ],
  rules: [
    { number: 1, source: 'corp', group: 'admins', role: 'admin', tenant: 'acme', people: 3 },
    {
      number: 2,
      group: 'auditors',
      role: 'auditor',
      tenant: 'acme',
      organization: '{organization}',
      people: 1204,
    },
    { number: 3, group: '*', role: 'member', tenant: 'gone', people: 0, error: 'There is no tenant gone.' },
  ],
  turned_away: [{ account: 'corp/bob', name: 'Bob', groups: ['sales', 'cn=sales,dc=corp'], at: since }],
}
const person = {
  username: 'alice',
  account: 'corp/alice',
  name: 'Alice Li',
  groups: ['auditors', 'staff'],
  disabled: false,
}
const previews: IdentityPreviews = {
  sources: [
    {
      source: 'corp',
      title: 'Corporate directory',
      kind: 'ldap',
      person: { ...person, organization: 'east' },
      rules: [
        { number: 2, group: 'auditors', role: 'auditor', tenant: 'acme', organization: 'east', differs: false },
        { number: 3, group: '*', role: 'member', tenant: 'gone', differs: true },
      ],
    },
    {
      source: 'sso',
      title: 'Company sign-in',
      kind: 'oidc',
      unknown: true,
      stored: true,
      error: 'There is no account.',
      rules: [],
    },
  ],
}

/** Draws the page over a server that answers so. */
function show(answers: { identity: unknown; preview?: unknown; status?: number }) {
  const sent: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    const path = String(url)
    sent.push(path)
    if (path.includes('/tenants')) return new Response(JSON.stringify({ tenants: [{ id: 'acme', name: 'Acme' }] }))
    const body = path.includes('/preview') ? answers.preview : answers.identity
    return new Response(JSON.stringify(body), { status: answers.status ?? 200 })
  })
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const drawn = draw(
    <QueryClientProvider client={client}>
      <IdentityPage tenant={tenant} />
    </QueryClientProvider>,
  )
  return { ...drawn, sent }
}

async function lookUp(answer: IdentityPreviews, username = 'alice') {
  const drawn = show({ identity, preview: answer })
  await drawn.person.type(await screen.findByRole('textbox', { name: 'Username' }), `${username}{Enter}`)
  return drawn
}

test('sources, their servers and certificates, and the rules with their people are shown', async () => {
  show({ identity })
  const rules = await screen.findByRole('table', { name: messages.rules })
  await within(rules).findAllByText('Acme')
  const [, first, second, third] = within(rules).getAllByRole('row')
  expect(first?.textContent).toContain('Corporate directory')
  expect(second?.textContent).toMatch(/All sources.*auditors.*Auditor.*Acme.*Their own organization and below.*1,204/)
  expect(third?.textContent).toContain(messages.gives('There is no tenant gone.'))
  const sources = screen.getByRole('region', { name: messages.sources })
  expect(sources.textContent).toMatch(
    /OKCorporate directory.*one\.example · refuses the connection.*certificate until \d/,
  )
  expect(sources.textContent).toMatch(/FailingCompany sign-in.*no answer within 5s/)
  expect(within(sources).getAllByText(messages.endsSoon)).toHaveLength(1)
})

test('a preview names the rule that decides, those that disagree, and groups without a rule', async () => {
  const { sent } = await lookUp(previews)
  const source = await screen.findByRole('article', { name: 'Corporate directory' })
  const verdict = within(source).getByRole('status')
  expect(verdict.textContent).toContain(messages.allowed('Auditor', 'Acme · east and below', 2))
  expect(source.textContent).toContain(messages.missesGroup(1, 'admins'))
  expect(source.textContent).toContain(messages.decides(2, 'auditors'))
  expect(source.textContent).toContain(messages.disagrees(3, 'Member · gone · Nothing'))
  expect(within(source).getByRole('button', { name: messages.copyRuleFor('staff') })).toBeTruthy()
  expect(within(source).queryByRole('button', { name: messages.copyRuleFor('auditors') })).toBeNull()
  expect(screen.getByRole('article', { name: 'Company sign-in' }).textContent).toContain(messages.unknown.stored)
  expect(sent.filter((path) => path.includes('/preview'))).toEqual(['/api/v1/identity/preview?username=alice'])
})

test('why somebody is refused is said in words', async () => {
  const [corp] = previews.sources
  if (!corp) throw new Error('no source')
  await lookUp({ sources: [{ ...corp, rules: [], refused: 'no rule' }] })
  expect((await screen.findByText(messages.refused['no rule'])).closest('[role="status"]')).toBeTruthy()
})

test('the same name in two directories and here is told, and who goes first', async () => {
  const [corp] = previews.sources
  if (!corp) throw new Error('no source')
  await lookUp({ local: true, sources: [corp, { ...corp, source: 'lab', title: 'Lab' }] })
  expect(await screen.findByText(messages.local('alice'))).toBeTruthy()
  expect(screen.getByText(messages.several('Corporate directory'))).toBeTruthy()
})

test('nobody knows the name, and a source that does not answer is no such answer', async () => {
  const unknown = { source: 'corp', title: 'Corp', kind: 'ldap', unknown: true, error: 'x', rules: [] } as const
  await lookUp({ sources: [unknown] as unknown as IdentityPreviews['sources'] }, 'who')
  expect(await screen.findByText(messages.nobody('who'))).toBeTruthy()
})

test('somebody who was turned away is looked up with one press', async () => {
  const { person: who, sent } = show({ identity, preview: previews })
  const turned = await screen.findByRole('region', { name: messages.turnedAway })
  expect(turned.textContent).toContain(messages.inGroups('cn=sales,dc=corp', -2, 1))
  await who.click(within(turned).getByRole('button', { name: messages.lookUpOf('corp/bob') }))
  expect(await screen.findByRole('article', { name: 'Corporate directory' })).toBeTruthy()
  expect(sent).toContain('/api/v1/identity/preview?username=corp%2Fbob')
  expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Username' }).value).toBe('corp/bob')
})

test('without a source the page says what to do, and leads to the manual', async () => {
  show({ identity: { sources: [], rules: [], turned_away: [] } })
  expect(await screen.findByText(messages.empty)).toBeTruthy()
  expect(screen.getByRole('link', { name: messages.manual }).getAttribute('href')).toBe('/docs/sign-in')
  expect(screen.queryByRole('textbox')).toBeNull()
})

test('what fails says so', async () => {
  show({ identity: { detail: 'The server is busy.' }, status: 503 })
  expect((await screen.findByRole('alert')).textContent).toContain('The server is busy.')
})
