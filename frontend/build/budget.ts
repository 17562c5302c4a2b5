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

/** Fails the build if the first load of the log exceeds a limit of gzipped bytes. */
export function budget(limit: number): Plugin {
  return {
    name: 'budget',
    apply: 'build',
    writeBundle(_, bundle) {
      const entries = Object.values(bundle).filter(
        (file) => file.type === 'chunk' && (file.isEntry || file.name === 'start'),
      )
      if (entries.length < 2) this.error('the entry or the start is missing, so its size is not known')
      const files = filesFor(bundle, ['index.html', ...entries.map((file) => file.fileName)])
      const size = gzipSize(bundle, files)
      const text = `the first load of the log is ${Math.ceil(size / 1000)} KB of gzip in ${files.size} files`
      if (size > limit) this.error(`${text}: more than ${limit / 1000} KB`)
      this.info(text)
    },
  }
}
