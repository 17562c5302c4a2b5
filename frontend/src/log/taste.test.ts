import { expect, test } from 'vitest'
import { readTaste, type Taste, usual } from './taste'

test.each([null, '', 'null', '[]', '"x"', '{', '{"live":"maybe"}', '{"density":"huge","hidden":["content",1]}'])(
  '%s is read as usual',
  (text) => {
    expect(readTaste(text)).toEqual(usual)
  },
)

test('what was kept is read again', () => {
  const own: Taste = { live: false, density: 'compact', hidden: ['role', 'time'] }
  expect(readTaste(JSON.stringify(own))).toEqual(own)
})
