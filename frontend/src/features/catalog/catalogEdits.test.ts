import { expect, test } from 'vitest'
import type { Catalog, CatalogModule, CatalogOperation } from '../../model/api/types'
import { withModule, withOperation, withoutModule, withoutOperation } from './catalogEdits'

const title = { en: 'x', 'zh-CN': 'x' }
const module = (key: string, operations: string[]): CatalogModule => ({ key, title, operations, built_in: false })
const operation = (key: string): CatalogOperation => ({ key, title, group: 'change', built_in: false })
const catalog: Catalog = {
  modules: [module('a', ['one']), module('b', ['one', 'two'])],
  operations: [operation('one'), operation('two')],
}
const keys = ({ modules, operations }: Catalog) => [
  modules.map(({ key, operations }) => `${key}(${operations})`).join(' '),
  operations.map(({ key }) => key).join(' '),
]

test.each([
  ['a module added', withModule(module('c', ['two'])), 'a(one) b(one,two) c(two)', 'one two'],
  ['a module changed in its place', withModule(module('a', ['one', 'two'])), 'a(one,two) b(one,two)', 'one two'],
  ['a module removed', withoutModule('a'), 'b(one,two)', 'one two'],
  ['a type added', withOperation(operation('three')), 'a(one) b(one,two)', 'one two three'],
  ['a type removed, also from modules', withoutOperation('two'), 'a(one) b(one)', 'one'],
])('%s', (_, edit, modules, operations) => {
  expect(keys(edit(catalog))).toEqual([modules, operations])
  expect(keys(catalog)).toEqual(['a(one) b(one,two)', 'one two'])
})
