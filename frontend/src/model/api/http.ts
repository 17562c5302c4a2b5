import { urlOf } from '../../lib/basePath'
import { ApiProblem, loadProblemMessages, type ProblemBody } from '../../lib/problem'
import { type ActionArea, actionHeader, actionOf, purposeHeader } from './action'
import { requestOptions, takePrefetched } from './prefetch'
import { parseJson } from './recordedJson'

/** Sent to the window with each answer that may be old, because the nodes have no quorum. */
export const staleEvent = 'oplog-stale'

/** What may make a refused request possible, by the type of the refusal: it is sent again if that answers true. */
export const onRefusal: { handle?: ((type: string | undefined) => Promise<boolean> | undefined) | undefined } = {}

interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  signal?: AbortSignal
  /** An API key, to call like a program. */
  key?: string
  /** The area, if the call belongs to an action of a person. */
  action?: ActionArea
  /** Completes the request even if the page is closed. Only for small bodies. */
  keepalive?: boolean
}

/**
 * Calls the API and returns its JSON, of a bounded list all of it; `undefined` for an empty response. Throws ApiProblem, or
 * AbortError when aborted.
 */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const [text, next] = await send(path, options)
  if (text === '') return undefined as T
  const answer = parseJson<T>(text)
  if (!next) return answer
  const { signal, key } = options
  const shared = { ...(signal && { signal }), ...(key && { key }) }
  return (await import('./furtherPages')).withFurtherPages(answer, path, next, shared)
}

/** The same for a plain text response. */
export async function callText(path: string, options: Call = {}): Promise<string> {
  return (await send(path, options))[0]
}

/** The text of a response, and the cursor of the rest of a list that it does not have all of. */
async function send(path: string, options: Call): Promise<[text: string, next: string | null]> {
  const { method = 'GET', body, signal, key, action, keepalive = false } = options
  const headers = { ...requestOptions.headers }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (action !== undefined) headers[actionHeader] = actionOf(action)
  if (action === 'print') headers[purposeHeader] = action
  if (key !== undefined) headers.Authorization = `Bearer ${key}`
  let response: Response
  try {
    const prefetched = method === 'GET' && key === undefined ? await takePrefetched(path) : undefined
    response =
      prefetched ??
      (await fetch(urlOf(path), {
        ...requestOptions,
        method,
        headers,
        keepalive,
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ?? null,
      }))
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiProblem(0, { detail: error instanceof Error ? error.message : String(error) })
  }
  if (response.headers.has('Oplog-Stale')) dispatchEvent(new Event(staleEvent))
  const text = await response.text()
  if (!response.ok) {
    const body = problemOf(text, response.statusText)
    if (await onRefusal.handle?.(body.type)) return send(path, options)
    if (response.status !== 401 || body.type) await loadProblemMessages() // a session that has ended needs none
    throw new ApiProblem(response.status, body)
  }
  return [text, response.headers.get('Next-Cursor')]
}

function problemOf(text: string, statusText: string): ProblemBody {
  try {
    return JSON.parse(text) as ProblemBody
  } catch {
    return { detail: statusText }
  }
}

export function tenantPath(tenant: string, rest: string): string {
  return `/api/v1/tenants/${encodeURIComponent(tenant)}/${rest}`
}
