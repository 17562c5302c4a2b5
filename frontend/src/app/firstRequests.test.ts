import { expect, test } from 'vitest'
import { firstRequests } from './firstRequests'

const session = '/api/v1/session'

test('the log of an address is asked for as its page asks', () => {
  expect(firstRequests('/t/acme/log', '?range=today&q=返场', { trees: ['other'] })).toEqual([
    session,
    '/api/v1/tenants/acme/entries?q=%E8%BF%94%E5%9C%BA&range=today&limit=100',
    '/api/v1/tenants/acme/summary?q=%E8%BF%94%E5%9C%BA&range=today',
    '/api/v1/tenants/acme/catalog',
  ])
  expect(firstRequests('/t/a%20b/log/e1', '?from=2026-11-01T00:00:00Z', { trees: ['a b'] })[4]).toBe(
    '/api/v1/tenants/a%20b/organizations',
  )
})

test.each([
  ['/t/acme/log', '?range=today', undefined], // a reader of no log
  ['/t/acme/log', '', { trees: [] }], // a period is yet to be chosen
  ['/t/acme/log', '?range=ever', { trees: [] }],
  ['/t/acme/exports', '?range=today', { trees: [] }],
  ['/', '', { trees: [] }],
])('%s%s: only who it is', (pathname, search, reader) => {
  expect(firstRequests(pathname, search, reader)).toEqual([session])
})
