import { expect, test } from 'vitest'
import type { Catalog } from '../../model/api/types'
import { keyPlaceholder, programs, sampleOperation, snippet } from './snippets'

const target = {
  origin: 'http://127.0.0.1:8484',
  tenant: 'acme',
  key: 'oplog_write_x',
  module: 'email',
  operation: 'send',
}

test.each(programs)('%s holds the address, the key and the operation', (program) => {
  const text = snippet(program, target)
  expect(text).toContain('http://127.0.0.1:8484/api/v1/tenants/acme/entries')
  expect(text).toContain('Bearer oplog_write_x')
  expect(text).toMatch(/email/)
  expect(snippet(program, { ...target, key: keyPlaceholder })).toContain(`Bearer ${keyPlaceholder}`)
})

test('the operation is one that the tenant takes', () => {
  const title = { en: 'x', 'zh-CN': 'x' }
  const operation = (key: string, retired = false) => ({ key, title, group: 'change' as const, retired })
  const catalog: Catalog = {
    modules: [
      { key: 'old', title, operations: ['send'], retired: true },
      { key: 'email', title, operations: ['create'] },
      { key: 'order', title, operations: ['send', 'pay'] },
    ],
    operations: [operation('create', true), operation('send', true), operation('pay')],
  }
  expect(sampleOperation(undefined)).toEqual({ module: 'email', operation: 'send' })
  expect(sampleOperation(catalog)).toEqual({ module: 'order', operation: 'pay' })
  const taken = {
    ...catalog,
    modules: [{ key: 'email', title, operations: ['send'] }],
    operations: [operation('send')],
  }
  expect(sampleOperation(taken)).toEqual({ module: 'email', operation: 'send' })
})
