import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../src')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/\.(gen|test)\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }))

test('streams are opened by useEventSource alone', () => {
  const opening = files.filter(({ text }) => /new EventSource\b/.test(text)).map(({ name }) => name)
  expect(opening).toEqual(['model/api/useEventSource.ts'])
})

test('URLs of the program are made by urlOf, which adds the base path', () => {
  const plain = /(?:\bhref ?=|\bsrc ?=|\bfetch\().*(?:['"`]\/(?!\/)|\w*Path\()/
  const found = files.flatMap(({ name, text }) =>
    text
      .split('\n')
      .filter((line) => plain.test(line) && !/urlOf\(|prefetch\(|refetch\(/.test(line))
      .map((line) => `${name}: ${line.trim()}`),
  )
  expect(found).toEqual([])
  expect(plain.test(`<a href="/api/v1/backup">`)).toBe(true)
  expect(plain.test(`link.href = filePath(tenant)`)).toBe(true)
  expect(plain.test(`<a href="//example.com/x">`)).toBe(false)
})

/** Lines of a file that read or write a ref while a component or a hook renders. */
function refsInRender(name: string, text: string): string[] {
  if (!text.includes('.current')) return []
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true)
  const found: string[] = []
  const walk = (node: ts.Node, rendering: boolean) => {
    if (ts.isFunctionLike(node)) rendering = isRender(node, rendering)
    if (rendering && ts.isPropertyAccessExpression(node) && node.name.text === 'current')
      found.push(`${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`)
    ts.forEachChild(node, (child) => walk(child, rendering))
  }
  walk(file, false)
  return found
}

/** A component, a hook, or the function of a hook that calls it at once. */
function isRender(node: ts.SignatureDeclaration, rendering: boolean): boolean {
  const { parent } = node
  if (ts.isCallExpression(parent))
    return rendering && /^(useMemo|useState|useReducer)$/.test(parent.expression.getText())
  const name = node.name ?? (ts.isVariableDeclaration(parent) ? parent.name : undefined)
  return /^(use)?[A-Z]/.test(name?.getText() ?? '')
}

test('refs are neither read nor written while rendering', () => {
  expect(files.flatMap(({ name, text }) => refsInRender(name, text))).toEqual([])
  expect(refsInRender('a', 'function useA(a) { const b = useRef(a)\nb.current = a }')).toEqual(['a:2'])
  expect(refsInRender('a', 'const A = () => useMemo(() => b.current)')).toEqual(['a:1'])
  expect(refsInRender('a', 'function A() { useEffect(() => b.current()); const c = () => b.current }')).toEqual([])
})

test('elements are found by refs, roles and data, not by their class', () => {
  const byClass =
    /\b(?:querySelector(?:All)?|closest|matches)(?:<[^>]*>)?\(\s*(['"`])[^'"`]*\.[a-z][^'"`]*\1|getElementsByClassName/
  expect(files.filter(({ text }) => byClass.test(text)).map(({ name }) => name)).toEqual([])
  expect(byClass.test(`list.querySelector<HTMLElement>('li .x')`)).toBe(true)
  expect(byClass.test(`list.querySelector('[data-index="1"]')`)).toBe(false)
})

test('no file has more than 400 lines', () => {
  const long = ['src', 'e2e', 'build']
    .flatMap((folder) => {
      const root = join(import.meta.dirname, '..', folder)
      return readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name))
    })
    .filter((name) => /(?<!\.gen)\.(tsx?|css)$/.test(name))
    .map((name) => ({ name, lines: readFileSync(name, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > 400)
  expect(long).toEqual([])
})

/** Functions of a file with more than 60 lines, as file and name with their length. */
function longFunctions(name: string, text: string): [string, number][] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true)
  const found: [string, number][] = []
  const line = (at: number) => file.getLineAndCharacterOfPosition(at).line
  const walk = (node: ts.Node) => {
    if (ts.isFunctionLike(node)) {
      const lines = line(node.end) - line(node.getStart()) + 1
      const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined)
      if (lines > 60) found.push([`${name} ${named?.getText() ?? 'function'}`, lines])
    }
    ts.forEachChild(node, walk)
  }
  walk(file)
  return found
}

test('functions have at most 60 lines', () => {
  expect(files.flatMap(({ name, text }) => longFunctions(name, text))).toEqual([])
  expect(longFunctions('a', `function b() {${'\n'.repeat(60)}}`)).toEqual([['a b', 61]])
})
