import { afterEach, expect, test, vi } from 'vitest'
import { prefetch, sessionPath, takePrefetched } from './prefetch'

afterEach(() => vi.unstubAllGlobals())

/** What the one who takes a prefetched response with that status gets. */
async function taken(status: number, path = '/api/v1/tenants/acme/entries?limit=100') {
  vi.stubGlobal('fetch', async () => new Response('{}', { status }))
  prefetch(path)
  return (await takePrefetched(path))?.status
}

test('an answer is taken once, also one that says why it is none', async () => {
  for (const status of [200, 422, 429, 503]) expect(await taken(status)).toBe(status)
  expect(await taken(401, sessionPath)).toBe(401)
  expect(await takePrefetched(sessionPath)).toBeUndefined()
})

test('what was refused before somebody signed in is asked again', async () => {
  for (const status of [401, 403, 404]) expect(await taken(status)).toBeUndefined()
})
