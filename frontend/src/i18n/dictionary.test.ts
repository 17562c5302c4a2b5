import { expect, test } from 'vitest'
import { adminEn } from './admin.en'
import { adminZh } from './admin.zh'
import { calendarEn } from './calendar.en'
import { calendarZh } from './calendar.zh'
import { checksEn } from './checks.en'
import { checksZh } from './checks.zh'
import { choicesEn } from './choices.en'
import { choicesZh } from './choices.zh'
import { emptyEn } from './empty.en'
import { emptyZh } from './empty.zh'
import { en } from './en'
import { entryEn } from './entry.en'
import { entryZh } from './entry.zh'
import { exportsEn } from './exports.en'
import { exportsZh } from './exports.zh'
import { factorEn } from './factor.en'
import { factorZh } from './factor.zh'
import { formEn } from './form.en'
import { formZh } from './form.zh'
import { helpEn } from './help.en'
import { helpZh } from './help.zh'
import { ignoredEn } from './ignored.en'
import { ignoredZh } from './ignored.zh'
import { integrationEn } from './integration.en'
import { integrationZh } from './integration.zh'
import { optionsEn } from './options.en'
import { optionsZh } from './options.zh'
import { sessionEn } from './session.en'
import { sessionZh } from './session.zh'
import { storageEn } from './storage.en'
import { storageZh } from './storage.zh'
import { viewsEn } from './views.en'
import { viewsZh } from './views.zh'
import { zh } from './zh'

const features = [
  entryEn,
  exportsEn,
  sessionEn,
  helpEn,
  emptyEn,
  factorEn,
  choicesEn,
  ignoredEn,
  storageEn,
  viewsEn,
  calendarEn,
  formEn,
  optionsEn,
]
const english = [en, adminEn, integrationEn, checksEn, ...features]
const chineseFeatures = [
  entryZh,
  exportsZh,
  sessionZh,
  helpZh,
  emptyZh,
  factorZh,
  choicesZh,
  ignoredZh,
  storageZh,
  viewsZh,
  calendarZh,
  formZh,
  optionsZh,
]
const chinese = [zh, adminZh, integrationZh, checksZh, ...chineseFeatures]

function shape(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`]
  return Object.entries(value).flatMap(([key, inner]) => shape(inner, path ? `${path}.${key}` : key))
}

test('both languages have the same keys', () => {
  for (const [index, one] of english.entries()) expect(shape(chinese[index]).sort()).toEqual(shape(one).sort())
})

test('a feature replaces none of the common texts', () => {
  for (const feature of features) expect(Object.keys(feature).filter((key) => key in en)).toEqual([])
})

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}

test('no word is empty, and none shouts or begs', () => {
  for (const word of [...english, ...chinese].flatMap(strings)) {
    expect(word).not.toBe('')
    expect(word).not.toMatch(/[!！]|please|successfully/i)
  }
})

test('Chinese is separated from letters and digits by a space, but not in dates', () => {
  for (const word of chinese.flatMap(strings)) expect(word).not.toMatch(/[一-鿿][A-Za-z0-9]|[A-Za-z0-9][一-鿿]/)
  expect(zh.operationsTotal(1284)).toBe('共 1,284 条操作')
  expect(zh.longMoment(3, 11, 18, '12:00')).toBe('11月18日（周三）12:00')
})

test('one is one', () => {
  expect(en.operations(1)).toBe('1 operation')
  expect(en.operations(1284)).toBe('1,284 operations')
  expect(exportsEn.exportRows(1)).toBe('Export 1 row')
})
