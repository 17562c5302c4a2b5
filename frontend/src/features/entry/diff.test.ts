import { expect, test } from 'vitest'
import type { RecordedJson } from '../../model/api/recordedJson'
import { markChanges, type Piece, sidesText } from './diff'

const show = (pieces: Piece[]) => pieces.map((piece) => (piece.changed ? `[${piece.text}]` : piece.text)).join('')

test.each([
  [
    '双11主会场 Double 11 Main',
    '双11返场主会场 Double 11 Encore',
    '双11主会场 Double 11 [Main]',
    '双11[返场]主会场 Double 11 [Encore]',
  ],
  ['draft', 'published', '[draft]', '[published]'],
  ['2026-11-12 23:59', '2026-11-30 23:59', '2026-11-[12] 23:59', '2026-11-[30] 23:59'],
  ['same', 'same', 'same', 'same'],
  ['', 'new', '', '[new]'],
  ['满 300 减 50', '满 300 减 60', '满 300 减 [50]', '满 300 减 [60]'],
  ['家 👨\u200d👩\u200d👧!', '家 👨\u200d👩\u200d👦!', '家 [👨\u200d👩\u200d👧]!', '家 [👨\u200d👩\u200d👦]!'],
  ['a b c', 'a c', 'a [b ]c', 'a c'],
])('%s → %s', (before, after, wantBefore, wantAfter) => {
  const marked = markChanges(before, after)
  expect(show(marked.before)).toBe(wantBefore)
  expect(show(marked.after)).toBe(wantAfter)
})

test('nothing is lost, whatever the texts', () => {
  const pairs = [
    ['{\n  "a": 1\n}', '{\n  "a": 2,\n  "b": []\n}'],
    ['𠮷野家 🍜', '𠮷野 🍣家'],
    ['x'.repeat(5000), `${'x'.repeat(4999)}y`],
  ] as const
  for (const [before, after] of pairs) {
    const marked = markChanges(before, after)
    expect(marked.before.map((piece) => piece.text).join('')).toBe(before)
    expect(marked.after.map((piece) => piece.text).join('')).toBe(after)
  }
})

test('very long texts without a common part are marked whole', () => {
  const marked = markChanges('a '.repeat(3000), 'b,'.repeat(3000))
  expect(marked.before).toHaveLength(1)
})

test.each<[string | undefined, string | undefined, string | undefined, string | undefined]>([
  [undefined, '""', undefined, ''],
  ['null', 'false', 'null', 'false'],
  ['{"a":[1.0]}', undefined, '{\n  "a": [\n    1.0\n  ]\n}', undefined],
  ['9007199254740788', '9007199254740789', '9007199254740788', '9007199254740789'],
  ['2.5', '2.50', '2.5', '2.50'],
  ['1e400', '-0', '1e400', '-0'],
  ['"2.50"', '2.50', '"2.50"', '2.50'],
  ['"a\\u003cb"', '"c"', 'a<b', 'c'],
])('values as text: %s → %s', (before, after, wantBefore, wantAfter) => {
  const json = (text: string | undefined) => text as RecordedJson | undefined
  const change = Object.entries({ before: json(before), after: json(after) }).filter(([, value]) => value !== undefined)
  expect(sidesText({ field: 'f', ...Object.fromEntries(change) })).toEqual([wantBefore, wantAfter])
})

test.each([
  ['9007199254740788', '9007199254740789', '[9007199254740788]', '[9007199254740789]'],
  ['2.5', '2.50', '2.[5]', '2.[50]'],
])('the digits that changed are marked: %s → %s', (before, after, wantBefore, wantAfter) => {
  const marked = markChanges(before, after)
  expect([show(marked.before), show(marked.after)]).toEqual([wantBefore, wantAfter])
})
