import { expect, test } from 'vitest'
import type { Entry } from '../../model/api/types'
import { findRow, savedScrollPosition, saveScrollPosition } from './scrollPosition'

const entries = [5, 4, 2, 1].map((seq) => ({ seq, time: `2026-11-20T08:0${seq}:00Z` }) as Entry)
const at = (seq: number) => ({ query: 'a', seq, time: `2026-11-20T08:0${seq}:00Z`, cut: 0 })

test('a place is kept for the same rows only', () => {
  saveScrollPosition(at(4))
  expect(savedScrollPosition('a')).toEqual(at(4))
  expect(savedScrollPosition('b')).toBeUndefined()
})

test('the same entry, wherever it stands now', () => {
  expect(findRow(at(4), entries, true)).toBe(1)
  expect(findRow(at(1), entries, false)).toBe(3)
})

test('an entry that is gone leaves its neighbour, and one further down is waited for', () => {
  expect(findRow(at(3), entries, true)).toBe(2)
  expect(findRow(at(0), entries, true)).toBeUndefined()
  expect(findRow(at(0), entries, false)).toBe(3)
})
