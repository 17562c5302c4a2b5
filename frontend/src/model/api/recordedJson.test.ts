import { describe, expect, test } from 'vitest'
import { parseJson, parseRecorded, prettyJson, type RecordedJson, sameJson } from './recordedJson'
import type { EntryPage, ProvenEntry } from './types'

const json = (text: string) => text as RecordedJson
const numbers = ['9007199254740993', '2.50', '1e400', '-0', '1.0', '1E+2', '12345678901234567890.000']

describe('an answer', () => {
  test.each(numbers)('keeps %s as it was recorded', (number) => {
    const entry = `{"seq":12,"changes":[{"field":"f","before":${number},"after":{"n":[${number}]}}],"details":{"x":${number}}}`
    for (const text of [entry, `{"entries":[${entry}]}`]) {
      const read = parseJson<ProvenEntry & EntryPage>(text)
      const one = read.entries?.[0] ?? read
      expect(one.seq).toBe(12)
      expect(one.changes?.[0]).toEqual({ field: 'f', before: number, after: `{"n":[${number}]}` })
      expect(one.details).toBe(`{"x":${number}}`)
    }
  })

  test('keeps the order of names, and names that occur twice', () => {
    const details = '{"b":1,"2":0,"1":0,"__proto__":{"x":1},"b":2}'
    expect(parseJson<ProvenEntry>(`{"id":"e","details":${details}}`).details).toBe(details)
  })

  test('is read as JSON everywhere else', () => {
    const others = [
      '{"facets":{"details":{"a":1},"changes":[{"before":2}]},"total":3}',
      '{"entries":[{"user":{"details":1.5,"name":"\\"details\\": {"},"changes":[]}],"n":[{"details":2}]}',
      ' { "entries" : [ ] , "x" : "changes \\\\" , "changes" : null } ',
      '[{"details":1}]',
      '"details"',
      'null',
    ]
    for (const text of others) expect(parseJson(text), text).toEqual(JSON.parse(text))
  })

  test('may have white space and brackets in texts', () => {
    const text =
      '{\n "details" : { "a" : "}]\\"" , "b" : [ 2.50 ] } ,\n "changes" : [ { "after" : "x\\\\" , "field" : "," } ] }'
    expect(parseJson(text)).toEqual({
      details: '{ "a" : "}]\\"" , "b" : [ 2.50 ] }',
      changes: [{ after: '"x\\\\"', field: ',' }],
    })
  })

  test('that is no JSON is refused', () => {
    for (const text of [
      '',
      '{"details":',
      '{"details":{"a":"',
      '{"details":{"a":1}',
      '{"details":}',
      '{"changes":[1',
      '{"details" 1}',
    ])
      expect(() => parseJson(text), text).toThrow(SyntaxError)
  })
})

test('a value over several lines', () => {
  expect(prettyJson(json('{"b":2.50,"a":[1e400,-0,[],{}],"a":"\\u00e9\\n\\u2028"}'))).toBe(
    '{\n  "b": 2.50,\n  "a": [\n    1e400,\n    -0,\n    [],\n    {}\n  ],\n  "a": "é\\n\u2028"\n}',
  )
  for (const text of ['{}', '[]', 'null', '-0', '"a b"']) expect(prettyJson(json(text))).toBe(text)
})

test('the same value is the same in every digit, whatever its strings are escaped like', () => {
  expect(sameJson(json('{"a":"\\u003c"}'), json('{ "a" : "<" }'))).toBe(true)
  expect(sameJson(undefined, undefined)).toBe(true)
  for (const [a, b] of [
    ['9007199254740993', '9007199254740992'],
    ['2.50', '2.5'],
    ['1e400', '1e401'],
    ['-0', '0'],
    ['1.0', '1'],
    ['1', '"1"'],
    ['{"a":1,"b":2}', '{"b":2,"a":1}'],
    ['{"a":1,"a":2}', '{"a":2}'],
    ['[1,2]', '[12]'],
  ] as const)
    expect(sameJson(json(a), json(b)), `${a} ${b}`).toBe(false)
  expect(sameJson(json('null'), undefined)).toBe(false)
})

test('a value that is opened keeps its digits, too', () => {
  expect(parseRecorded(json('{"a":12,"b":9007199254740993,"c":"1.0","d":[2.50,-3.5,-0]}'))).toEqual({
    a: 12,
    b: '9007199254740993',
    c: '1.0',
    d: ['2.50', -3.5, '-0'],
  })
})
