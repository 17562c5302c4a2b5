import type { HtmlTagDescriptor, Plugin } from 'vite'
import { filesFor } from './budget'

/** Adds preload links for the imports of the page's first script, so that the browser loads them in parallel. */
export function preload(name: string): Plugin {
  return {
    name: 'preload',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle = {} }) {
        const chunk = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === name)
        if (!chunk) throw new Error(`${name} is no chunk of the build`)
        const entries = Object.values(bundle).filter((file) => file.type === 'chunk' && file.isEntry)
        if (
          filesFor(
            bundle,
            entries.map((file) => file.fileName),
          ).has(chunk.fileName)
        )
          throw new Error(`the first script waits for ${name}`)
        const files = filesFor(bundle, [chunk.fileName])
        return [...files].flatMap((file): HtmlTagDescriptor[] => {
          const href = `./${file}`
          if (html.includes(`"${href}"`)) return []
          const rel = file.endsWith('.css') ? 'stylesheet' : 'modulepreload'
          return [{ tag: 'link', attrs: { rel, crossorigin: true, href }, injectTo: 'head' }]
        })
      },
    },
  }
}
