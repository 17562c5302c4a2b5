import { call } from './http'

/** Options that further pages share with the first. */
interface Shared {
  signal?: AbortSignal
  key?: string
}

/** A list of the API with the pages after its first, whose response had a cursor for them. */
export async function withFurtherPages<T>(first: T, path: string, cursor: string, shared: Shared): Promise<T> {
  const [place = '', search] = path.split('?')
  const query = new URLSearchParams(search)
  query.set('cursor', cursor)
  return joined(first, await call<T>(`${place}?${query}`, shared)) // which reads those after it, too
}

/** Two parts of a list as one: arrays, or objects with them. */
export function joined<T>(first: T, rest: T): T {
  if (Array.isArray(first) && Array.isArray(rest)) return [...first, ...rest] as T
  const both = { ...first } as Record<string, unknown>
  for (const [name, list] of Object.entries(rest as Record<string, unknown>))
    if (Array.isArray(list)) both[name] = [...((both[name] as unknown[] | undefined) ?? []), ...list]
  return both as T
}
