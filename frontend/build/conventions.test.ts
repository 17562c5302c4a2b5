import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../src')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/\.(gen|test)\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }))

test('streams are opened by useEventSource alone', () => {
  const opening = files.filter(({ text }) => /new EventSource\b/.test(text)).map(({ name }) => name)
  expect(opening).toEqual(['model/api/useEventSource.ts'])
})
