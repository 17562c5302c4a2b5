import { expect, test } from 'vitest'
import { entryAddress, entryName, givenId, hasOwnId, isNamed, noSeq, readName } from './entryAddress'

const time = '2026-11-20T08:41:07.412Z'
const micros = Date.parse(time) * 1000
const own = { id: givenId(micros, 5), seq: 5, time }

test('the log knows its own ids', () => {
  expect(hasOwnId(own)).toBe(true)
  expect(hasOwnId({ ...own, seq: 6 })).toBe(false)
  expect(hasOwnId({ ...own, time: '2026-11-20T08:41:07.412001Z' })).toBe(false)
  expect(hasOwnId({ ...own, id: 'x' })).toBe(false)
})

test.each([
  [own, `/t/a%20b/log/${own.id}`, 'user=u'],
  [{ id: 'x', seq: 7, time }, '/t/a%20b/log/x', 'user=u&seq=7'],
  [{ id: 'a:b.c', seq: 7, time }, '/t/a%20b/log/a%3Ab.c', 'user=u&seq=7'],
  [{ id: '.', seq: 7, time }, '/t/a%20b/log/~', 'user=u&seq=7'],
  [{ id: '..', seq: 8, time }, '/t/a%20b/log/~', 'user=u&seq=8'],
  [{ id: '...', seq: 8, time }, '/t/a%20b/log/...', 'user=u&seq=8'],
  [{ ...own, seq: 9 }, `/t/a%20b/log/${own.id}`, 'user=u&seq=9'], // a sender's id in the form of the log's
])('%j has an address of its own, which leads to it', (entry, pathname, search) => {
  const address = entryAddress('a b', entryName(entry), 'user=u&seq=1')
  expect(address).toEqual({ pathname, search })
  // As a browser reads it back.
  const url = new URL(`http://host${address.pathname}?${address.search}`)
  expect(url.pathname).toBe(pathname)
  const last = decodeURIComponent(url.pathname.split('/').at(-1) ?? '')
  const name = readName(last, url.searchParams)
  expect(name && isNamed(entry, name)).toBe(true)
})

test('of two rows with the same id one is open', () => {
  const rows = [
    { id: 'x', seq: 7, time },
    { id: 'x', seq: 3, time: '2026-11-19T08:41:07Z' },
  ]
  expect(rows.filter((row) => isNamed(row, { id: 'x', seq: 3 }))).toEqual([rows[1]])
  expect(rows.filter((row) => isNamed(row, { id: 'x', seq: undefined }))).toEqual([])
})

test('a seq is the number of an entry, left out, or of no entry', () => {
  const seq = (text: string) => readName('x', new URLSearchParams({ seq: text }))?.seq
  expect(['3', ''].map(seq)).toEqual([3, undefined])
  // Without a seq the newest entry with the id would open, which is not the one of the link.
  expect(['0', '-1', '1.5', 'x', '1e3', '9'.repeat(17)].map(seq)).toEqual(Array(6).fill(noSeq))
  expect(readName(undefined, new URLSearchParams('seq=3'))).toBeUndefined()
})
