import { actionHeader, actionOf } from './action'

// A request that the first page will make can be begun before the console is there to make it.

/** How the API is read; a request that was begun early is the very one that is made otherwise. */
export const requestOptions = {
  headers: { Accept: 'application/json' } as Record<string, string>,
  credentials: 'same-origin',
  cache: 'no-store',
} satisfies RequestInit

/** How many rows a page of the log has. */
export const pageSize = '100'

const tooOld = 10_000
const prefetched = new Map<string, { at: number; answer: Promise<Response | undefined> }>()

/** Makes a request before it is asked for. */
export function prefetch(path: string) {
  const headers = { ...requestOptions.headers, [actionHeader]: actionOf('page') }
  const answer = fetch(path, { ...requestOptions, headers }).catch(() => undefined) // it is asked again, and fails where that is said
  prefetched.set(path, { at: performance.now(), answer })
}

/** The answer to a request that was begun early, once; undefined where it is to be made now. */
export async function takePrefetched(path: string): Promise<Response | undefined> {
  const early = prefetched.get(path)
  prefetched.delete(path)
  if (!early || performance.now() - early.at > tooOld) return undefined
  const answer = await early.answer
  // That nobody is signed in is an answer, too; all else that went wrong is asked again.
  return answer?.ok || path === sessionPath ? answer : undefined
}

export const sessionPath = '/api/v1/session'
