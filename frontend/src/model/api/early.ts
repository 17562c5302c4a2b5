import { actHeader, actOf } from './act'

// A request that the first page will make can be begun before the console is there to make it.

/** How the API is read; a request that was begun early is the very one that is made otherwise. */
export const reading = {
  headers: { Accept: 'application/json' } as Record<string, string>,
  credentials: 'same-origin',
  cache: 'no-store',
} satisfies RequestInit

/** How many rows a page of the log has. */
export const pageSize = '100'

const tooOld = 10_000
const begun = new Map<string, { at: number; answer: Promise<Response | undefined> }>()

/** Makes a request before it is asked for. */
export function begin(path: string) {
  const headers = { ...reading.headers, [actHeader]: actOf('page') }
  const answer = fetch(path, { ...reading, headers }).catch(() => undefined) // it is asked again, and fails where that is said
  begun.set(path, { at: performance.now(), answer })
}

/** The answer to a request that was begun early, once; undefined where it is to be made now. */
export async function takeEarly(path: string): Promise<Response | undefined> {
  const early = begun.get(path)
  begun.delete(path)
  if (!early || performance.now() - early.at > tooOld) return undefined
  const answer = await early.answer
  // That nobody is signed in is an answer, too; all else that went wrong is asked again.
  return answer?.ok || path === sessionPath ? answer : undefined
}

export const sessionPath = '/api/v1/session'
