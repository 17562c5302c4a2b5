import { afterEach, expect, test, vi } from 'vitest'
import { call } from './http'

afterEach(() => vi.unstubAllGlobals())

/** Answers each path with a body and a cursor, and keeps what was asked. */
function serve(answers: Record<string, [body: unknown, cursor?: string]>) {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (path: string, { method }: RequestInit) => {
    asked.push(`${method} ${path}`)
    const [body, cursor] = answers[path] ?? [{}]
    return new Response(JSON.stringify(body), cursor ? { headers: { 'Next-Cursor': cursor } } : {})
  })
  return asked
}

test('a list is read to its end', async () => {
  serve({
    '/api/list?counts=true': [[{ id: 'a' }], 'one'],
    '/api/list?counts=true&cursor=one': [[{ id: 'b' }], 'two'],
    '/api/list?counts=true&cursor=two': [[{ id: 'c' }]],
  })
  expect(await call('/api/list?counts=true')).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
})

test('so are the lists of an object, after a change, too', async () => {
  const asked = serve({
    '/api/catalog': [{ modules: ['a'], operations: [], days: 90 }, 'one'],
    '/api/catalog?cursor=one': [{ modules: ['b'], operations: ['x'], days: 90 }],
  })
  const catalog = { modules: ['a', 'b'], operations: ['x'], days: 90 }
  expect(await call('/api/catalog')).toEqual(catalog)
  expect(await call('/api/catalog', { method: 'PUT', body: {} })).toEqual(catalog)
  expect(asked.slice(2)).toEqual(['PUT /api/catalog', 'GET /api/catalog?cursor=one'])
})

test('pages that are turned one by one stay single', async () => {
  const asked = serve({ '/api/entries': [{ entries: [], next_cursor: 'x' }] })
  expect(await call('/api/entries')).toEqual({ entries: [], next_cursor: 'x' })
  expect(asked).toHaveLength(1)
})
