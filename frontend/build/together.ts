import { join } from 'node:path'
import type { Rolldown } from 'vite'

const source = join(import.meta.dirname, '../src')

/**
 * Bundles all imports of the console's start into one file, separate from the imports of the page's first script
 * (an additional file costs the browser more than its bytes). Later chunks import from that file.
 */
export function together(): Rolldown.CodeSplittingGroup {
  const start = new Set<string>()
  return {
    debugName: 'start',
    name: (id, graph) => {
      if (start.size === 0) {
        const apart = imported(join(source, 'app/main.ts'), graph)
        for (const one of imported(join(source, 'app/start.tsx'), graph)) if (!apart.has(one)) start.add(one)
      }
      return start.has(id) ? 'start' : null
    },
  }
}

/** A module and all its transitive static imports. */
function imported(id: string, graph: Rolldown.ChunkingContext): Set<string> {
  const ids = new Set<string>([id])
  for (const at of ids) for (const next of graph.getModuleInfo(at)?.importedIds ?? []) ids.add(next)
  return ids
}
