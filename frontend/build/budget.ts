import { gzipSync } from 'node:zlib'
import type { Plugin, Rolldown } from 'vite'

type Bundle = Rolldown.OutputBundle

/** The files that a browser loads for some chunks: the chunks, their imports, and all their style sheets. */
export function filesFor(bundle: Bundle, entries: string[]): Set<string> {
  const files = new Set<string>()
  const add = (name: string) => {
    const chunk = bundle[name]
    if (!chunk || files.has(name)) return
    files.add(name)
    if (chunk.type !== 'chunk') return
    chunk.imports.forEach(add)
    for (const sheet of chunk.viteMetadata?.importedCss ?? []) add(sheet)
  }
  entries.forEach(add)
  return files
}

function gzipSize(bundle: Bundle, files: Set<string>): number {
  let size = 0
  for (const name of files) {
    const file = bundle[name]
    if (file) size += gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length
  }
  return size
}

/** Fails the build if the first load of the log, in the longer of the two languages, exceeds a limit of gzipped bytes. */
export function budget(limit: number): Plugin {
  return {
    name: 'budget',
    apply: 'build',
    writeBundle(_, bundle) {
      const page = bundle['index.html']
      if (page?.type !== 'asset') return this.error('there is no page')
      const named = [...String(page.source).matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file = '']) => file)
      const sizes = ['en', 'zh'].map((language) => {
        const messages = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === language)
        if (!messages) return this.error(`${language} is no chunk of the build`)
        return gzipSize(bundle, filesFor(bundle, ['index.html', ...named, messages.fileName]))
      })
      const size = Math.max(...sizes)
      const text = `the first load of the log is ${Math.ceil(size / 1000)} KB of gzip`
      if (size > limit) this.error(`${text}: more than ${limit / 1000} KB`)
      this.info(text)
    },
  }
}
