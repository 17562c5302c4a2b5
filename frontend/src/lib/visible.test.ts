import { expect, test } from 'vitest'
import { hiddenCharacters, isRightToLeft, visibleText } from './visible'

test.each([
  ['abc\u202egnp.exe', 'abc[U+202E]gnp.exe'],
  [
    '\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069',
    '[U+202A][U+202B][U+202C][U+202D][U+2066][U+2067][U+2068][U+2069]',
  ],
  ['\u200e\u200f\u061c', '[U+200E][U+200F][U+061C]'],
  ['a\u200bb\u200cc\u200dd', 'a[U+200B]b[U+200C]c[U+200D]d'],
  ['\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad', '[U+2060][U+2061][U+2062][U+2063][U+2064][U+FEFF][U+00AD]'],
  ['\u0000\u0007\u001b[1m\u007f\u0085\u009b', '[U+0000][U+0007][U+001B][1m[U+007F][U+0085][U+009B]'],
  ['a\r\n\tb', 'a[U+000D]\n\tb'],
  ['a\u2028b\u2029', 'a[U+2028]b[U+2029]'],
  ['hi\u{e0068}\u{e007f}', 'hi[U+E0068][U+E007F]'],
  ['🏴\u{e0067}\u{e007f}\u{e0067}', '🏴\u{e0067}\u{e007f}[U+E0067]'],
  ['a\ufe01\ufe02 \ufe0f', 'a\ufe01[U+FE02] [U+FE0F]'],
  ['\ud800x', '[U+D800]x'],
  ['\u3164\u115f\u2800\u180e', '[U+3164][U+115F][U+2800][U+180E]'],
  ['王\u200d晓', '王[U+200D]晓'],
  ['می\u200c', 'می[U+200C]'],
])('what is hidden is made visible: %j', (text, shown) => {
  expect(visibleText(text)).toBe(shown)
})

test.each([
  '',
  '王晓敏 Zoë — “x”　\u00a0y',
  '👨\u200d👩\u200d👧',
  '❤\ufe0f\u200d🔥 1\ufe0f\u20e3',
  '👩🏽\u200d🚀',
  '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
  '🏳\ufe0f\u200d🌈',
  'می\u200cخواهم',
  'क्\u200dष',
  'ന്\u200d',
  'שָׁלוֹם مرحبا',
  '葛\u{e0100}城',
  '\u0600١٢',
])('what is seen stays whole: %s', (text) => {
  expect(visibleText(text)).toBe(text)
})

test('where it stands', () => {
  expect(hiddenCharacters('𠮷\u202ea')).toEqual([{ start: 2, end: 3, code: 'U+202E' }])
})

test('what is written from right to left stands apart', () => {
  expect(['שלום', 'Ali مرحبا', '𞤀'].map(isRightToLeft)).toEqual([true, true, true])
  expect(['Ann', '王晓敏', 'Ω я', 'नमस्ते'].map(isRightToLeft)).toEqual([false, false, false, false])
})
