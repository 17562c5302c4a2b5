import type { HtmlTagDescriptor, Plugin } from 'vite'
import { filesFor } from './budget'

/** Names in the page what its first script will load, so that the browser loads it all at once. */
export function preload(...names: string[]): Plugin {
  return {
    name: 'preload',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle = {} }) {
        const chunks = names.map((name) =>
          Object.values(bundle).find((file) => file.type === 'chunk' && file.name === name),
        )
        const files = filesFor(
          bundle,
          chunks.flatMap((chunk) => chunk?.fileName ?? []),
        )
        if (chunks.includes(undefined)) throw new Error(`one of ${names.join(', ')} is no chunk of the build`)
        return [...files].flatMap((name): HtmlTagDescriptor[] => {
          const href = `/${name}`
          if (html.includes(`"${href}"`)) return []
          const rel = name.endsWith('.css') ? 'stylesheet' : 'modulepreload'
          return [{ tag: 'link', attrs: { rel, crossorigin: true, href }, injectTo: 'head' }]
        })
      },
    },
  }
}
