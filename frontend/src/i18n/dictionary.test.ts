import { expect, test } from 'vitest'
import { adminEn } from './admin.en'
import { adminZh } from './admin.zh'
import { en } from './en'
import { integrationEn } from './integration.en'
import { integrationZh } from './integration.zh'
import { zh } from './zh'

function shape(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`]
  return Object.entries(value).flatMap(([key, inner]) => shape(inner, path ? `${path}.${key}` : key))
}

test('both languages have the same keys', () => {
  expect(shape(zh).sort()).toEqual(shape(en).sort())
  expect(shape(adminZh).sort()).toEqual(shape(adminEn).sort())
  expect(shape(integrationZh).sort()).toEqual(shape(integrationEn).sort())
})

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}

test('no word is empty, and none shouts or begs', () => {
  for (const word of [en, zh, adminEn, adminZh, integrationEn, integrationZh].flatMap(strings)) {
    expect(word).not.toBe('')
    expect(word).not.toMatch(/[!！]|please|successfully/i)
  }
})

test('Chinese is separated from letters and digits by a space, but not in dates', () => {
  for (const word of [zh, adminZh, integrationZh].flatMap(strings))
    expect(word).not.toMatch(/[一-鿿][A-Za-z0-9]|[A-Za-z0-9][一-鿿]/)
  expect(zh.operationsTotal(1284)).toBe('共 1,284 条操作')
  expect(zh.longMoment(3, 11, 18, '12:00')).toBe('11月18日（周三）12:00')
})

test('one is one', () => {
  expect(en.operations(1)).toBe('1 operation')
  expect(en.operations(1284)).toBe('1,284 operations')
  expect(en.exportRows(1)).toBe('Export 1 row')
})
