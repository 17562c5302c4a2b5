import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../src')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(tsx?|css)$/.test(name))

/** The folders that the files of each folder import from. */
function folders(): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>()
  for (const file of files) {
    const from = dirname(file)
    const text = readFileSync(join(source, file), 'utf8')
    for (const [, path = ''] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)) {
      const to = relative(source, dirname(resolve(source, from, path)))
      if (to !== from) all.set(from, (all.get(from) ?? new Set()).add(to))
    }
  }
  return all
}

/** The folders of an import cycle, or none. */
function circle(imports: Map<string, Set<string>>): string[] {
  const done = new Set<string>()
  const walk = (folder: string, way: string[]): string[] => {
    if (way.includes(folder)) return [...way.slice(way.indexOf(folder)), folder]
    if (done.has(folder)) return []
    for (const next of imports.get(folder) ?? []) {
      const found = walk(next, [...way, folder])
      if (found.length > 0) return found
    }
    done.add(folder)
    return []
  }
  for (const folder of imports.keys()) {
    const found = walk(folder, [])
    if (found.length > 0) return found
  }
  return []
}

test('every file is in a layer, and every layer has files', () => {
  const layers = new Set(files.map((file) => file.split('/')[0]))
  expect([...layers].sort()).toEqual(['app', 'features', 'i18n', 'lib', 'model', 'ui'])
})

test('folders import each other in no circle', () => {
  const imports = folders()
  expect([...imports.keys()].every((folder) => existsSync(join(source, folder)))).toBe(true)
  expect(imports.get('app')).toContain('features/list')
  expect(circle(imports)).toEqual([])
  expect(circle(imports.set('i18n', new Set(['app'])))).not.toEqual([])
})
