import { expect, test } from 'vitest'
import { bundleName, verifyCommand } from './verify'

test.each([
  ['log.csv', 'oplog+1a2b3c4d+AbC/d+==', 'oplog verify-export log.csv --key oplog+1a2b3c4d+AbC/d+=='],
  ["it's mine.csv", 'k', `oplog verify-export 'it'\\''s mine.csv' --key k`],
])('the line for %s', (file, key, want) => {
  expect(verifyCommand(file, key)).toBe(want)
})

test.each([
  ['operation-log-acme-20261120T164107.csv', 'operation-log-acme-20261120T164107.zip'],
  ['a.b.xlsx', 'a.b.zip'],
])('the ZIP of %s', (file, want) => {
  expect(bundleName(file)).toBe(want)
})
