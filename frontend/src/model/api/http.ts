import { ApiProblem, type ProblemBody } from '../../lib/problem'
import { type Area, actHeader, actOf } from './act'
import { reading, takeEarly } from './early'
import { readJson } from './recorded'

interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  signal?: AbortSignal
  /** An API key, to call as a program does. */
  key?: string
  /** Where it belongs to an act of a person. */
  act?: Area
  /** It reaches the server though the page is left meanwhile. The body is a small one. */
  keepalive?: boolean
}

/** Calls the API and returns its JSON; `undefined` for an empty answer. Throws ApiProblem, or AbortError when aborted. */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const text = await callText(path, options)
  return text === '' ? (undefined as T) : readJson<T>(text)
}

/** The same for an answer that is a text as it is. */
export async function callText(
  path: string,
  { method = 'GET', body, signal, key, act, keepalive = false }: Call = {},
): Promise<string> {
  const headers = { ...reading.headers }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (act !== undefined) headers[actHeader] = actOf(act)
  if (key !== undefined) headers.Authorization = `Bearer ${key}`
  let response: Response
  try {
    const early = method === 'GET' && key === undefined ? await takeEarly(path) : undefined
    response =
      early ??
      (await fetch(path, {
        ...reading,
        method,
        headers,
        keepalive,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      }))
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiProblem(0, { detail: error instanceof Error ? error.message : String(error) })
  }
  const text = await response.text()
  if (!response.ok) throw new ApiProblem(response.status, problemOf(text, response.statusText))
  return text
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
