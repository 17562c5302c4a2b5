import { urlOf } from '../../lib/basePath'
import { actionHeader, actionOf } from './action'

// Requests of the first page can be started before the console has loaded.

/** The options of API requests; prefetched requests use the same. */
export const requestOptions = {
  headers: { Accept: 'application/json' } as Record<string, string>,
  credentials: 'same-origin',
  cache: 'no-store',
} satisfies RequestInit

/** The number of rows of a page of the log. */
export const pageSize = '100'

const tooOld = 10_000
const prefetched = new Map<string, { at: number; answer: Promise<Response | undefined> }>()

/** Starts a request ahead of the component that reads it. */
export function prefetch(path: string) {
  const headers = { ...requestOptions.headers, [actionHeader]: actionOf('page') }
  const answer = fetch(urlOf(path), { ...requestOptions, headers }).catch(() => undefined) // it is retried, and the error is shown then
  prefetched.set(path, { at: performance.now(), answer })
}

/** The response to a prefetched request, once; undefined if the request has to be made now. */
export async function takePrefetched(path: string): Promise<Response | undefined> {
  const early = prefetched.get(path)
  prefetched.delete(path)
  if (!early || performance.now() - early.at > tooOld) return undefined
  const answer = await early.answer
  // A missing session is a valid response. What was refused to the one who was signed in is asked again; what could not be read was asked long enough.
  return answer && (answer.ok || answer.status >= 422 || path === sessionPath) ? answer : undefined
}

export const sessionPath = '/api/v1/session'
