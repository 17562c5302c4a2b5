import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { preloadable } from './preload'

test('a part that has been loaded is drawn at once, without waiting for it once more', async () => {
  const Part = preloadable(async () => ({ default: ({ text }: { text: string }) => createElement('p', null, text) }))
  expect(() => renderToStaticMarkup(createElement(Part, { text: 'too early' }))).toThrow()
  await Part.preload()
  expect(renderToStaticMarkup(createElement(Part, { text: 'here' }))).toBe('<p>here</p>')
})
