import { type Area, actHeader, actOf } from './act'
import { reading, takeEarly } from './early'
import { readJson } from './recorded'
import type { ProblemBody } from './types'

/** An answer of the server that is not a success, or no answer at all (status 0). */
export class ApiProblem extends Error {
  readonly status: number
  readonly detail: string
  readonly locations: string[]
  /** What is wrong with each field that was sent, by its location. */
  readonly fields: Record<string, string>
  /** What was sent, or what it is about, as the server names it with each field. */
  readonly values: Record<string, unknown>

  constructor(status: number, body: ProblemBody) {
    const detail = body.detail || body.title || `HTTP ${status}`
    const first = body.errors?.[0]?.message
    super(detail)
    this.name = 'ApiProblem'
    this.status = status
    this.detail = first && !detail.includes(first) ? `${detail.replace(/[.。]$/, '')}: ${first}` : detail
    this.locations = (body.errors ?? []).flatMap((error) => (error.location ? [error.location] : []))
    this.values = Object.fromEntries((body.errors ?? []).map(({ location = '', value }) => [location, value]))
    this.fields = Object.fromEntries((body.errors ?? []).map(({ location = '', message = '' }) => [location, message]))
  }
}

export function isProblem(error: unknown, status: number): boolean {
  return error instanceof ApiProblem && error.status === status
}

/** What is said where there is no answer at all: the browser's own words are in no language of the console. */
let noAnswer = ''

export function sayNoAnswer(words: string) {
  noAnswer = words
}

/** What to tell a person about an error: the server's own words where there are some. */
export function problemText(error: unknown): string {
  if (isProblem(error, 0) && noAnswer) return noAnswer
  if (error instanceof ApiProblem) return error.detail
  return error instanceof Error ? error.message : String(error)
}

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
