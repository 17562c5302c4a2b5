import { expect, test } from 'vitest'
import { readTaste, usual } from './taste'

test.each([null, '', 'null', '[]', '"x"', '{', '{"live":"maybe"}'])('%s is read as usual', (text) => {
  expect(readTaste(text)).toEqual(usual)
})

test('what was kept is read again', () => {
  const own = { ...usual, live: false }
  expect(readTaste(JSON.stringify(own))).toEqual(own)
})
