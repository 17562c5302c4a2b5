import { expect, test } from 'vitest'
import { type FieldError, validate } from './validation'

const cases: [field: Parameters<typeof validate>[0], error: FieldError | undefined][] = [
  [{ value: 'grace', required: true }, undefined],
  [{ value: '', required: true }, { is: 'missing' }],
  [{ value: ' \t', required: true }, { is: 'missing' }],
  [{ value: '        ', type: 'password', required: true, minLength: 8 }, undefined],
  [{ value: '', type: 'password', required: true, minLength: 8 }, { is: 'missing' }],
  [
    { value: 'seven77', required: true, minLength: 8 },
    { is: 'short', least: 8 },
  ],
  [{ value: 'eight888', required: true, minLength: 8 }, undefined],
  [{ value: '', pattern: '\\d{4}-\\d\\d-\\d\\d' }, undefined],
  [{ value: '2026-11-26', pattern: '\\d{4}-\\d\\d-\\d\\d' }, undefined],
  [{ value: '26 Nov', pattern: '\\d{4}-\\d\\d-\\d\\d' }, { is: 'form' }],
  [{ value: 'a b', pattern: '[A-Za-z0-9][A-Za-z0-9._\\-]*' }, { is: 'form' }],
  [{ value: '365', type: 'number', min: '1', max: '36500' }, undefined],
]
for (const value of ['', '0', '1.5', '-3', '36501', '1e3'])
  cases.push([
    { value, type: 'number', min: '1', max: '36500' },
    { is: 'number', min: 1, max: 36_500 },
  ])

test.each(cases)('%o', (field, error) => {
  expect(validate(field)).toEqual(error)
})
