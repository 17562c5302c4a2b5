import { join } from 'node:path'
import type { Rolldown } from 'vite'

const source = join(import.meta.dirname, '../src')

/**
 * Bundles all imports of the console's start into one file (an additional file costs the browser more than its bytes).
 * Later chunks import from that file. The imports of the page's first script are in a file before it, so that the server
 * is asked while the start loads; what both languages share is there too.
 */
export function startBundle(): Rolldown.CodeSplittingGroup[] {
  return [group('first', 2, 'app/main.ts', 'i18n/spacing.ts', 'i18n/numbers.ts'), group('start', 1, 'app/start.tsx')]
}

function group(name: string, priority: number, ...files: string[]): Rolldown.CodeSplittingGroup {
  const ids = new Set<string>()
  return {
    name: (id, graph) => {
      if (ids.size === 0) for (const file of files) for (const one of imported(join(source, file), graph)) ids.add(one)
      return ids.has(id) ? name : null
    },
    debugName: name,
    priority,
  }
}

/** A module and all its transitive static imports. */
function imported(id: string, graph: Rolldown.ChunkingContext): Set<string> {
  if (!graph.getModuleInfo(id)) throw new Error(`${id} is no module of the build`)
  const ids = new Set<string>([id])
  for (const at of ids) for (const next of graph.getModuleInfo(at)?.importedIds ?? []) ids.add(next)
  return ids
}
