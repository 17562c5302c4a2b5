import type { LocaleTag } from '../i18n/dictionaries'
import { loadProblems, type ProblemWords } from '../i18n/problems'

/** The body of the server's error response. */
export interface ProblemBody {
  type?: string
  title?: string
  detail?: string
  params?: Params
  errors?: FieldProblem[]
}

type Params = Record<string, unknown>

interface FieldProblem {
  location?: string
  code?: string
  params?: Params
  message?: string
  value?: unknown
}

/** An error response of the server, or a missing response (status 0). */
export class ApiProblem extends Error {
  readonly status: number
  /** The server's message, in English. */
  readonly detail: string
  /** Why, for programs; "" if the status says it all. */
  readonly reason: string
  readonly params: Params
  readonly errors: FieldProblem[]
  readonly locations: string[]

  constructor(status: number, body: ProblemBody) {
    const detail = body.detail || body.title || `HTTP ${status}`
    super(detail)
    this.name = 'ApiProblem'
    this.status = status
    this.errors = body.errors ?? []
    const [first] = this.errors
    const message = first?.message && valued(first, first.message)
    this.detail = message && !detail.includes(message) ? `${detail.replace(/[.。]$/, '')}: ${message}` : detail
    this.reason = body.type?.replace(/^urn:oplog:/, '') ?? ''
    this.params = body.params ?? {}
    this.locations = this.errors.flatMap((error) => (error.location ? [error.location] : []))
  }

  /** The value that each error is about, by location. */
  get values(): Record<string, unknown> {
    return Object.fromEntries(this.errors.map(({ location = '', value }) => [location, value]))
  }

  /** The error of each field, by its location, in the language of the console. */
  get fields(): Record<string, string> {
    return Object.fromEntries(this.errors.map((error) => [error.location ?? '', fieldText(error)]))
  }
}

/** A query has no field beside the message, so that it says which value is meant. */
function valued({ location, value }: FieldProblem, message: string): string {
  return location?.startsWith('query.') && typeof value === 'string' && value ? `“${value}” ${message}` : message
}

export function isProblem(error: unknown, status: number): boolean {
  return error instanceof ApiProblem && error.status === status
}

let language: LocaleTag = 'en'
let noAnswer = '' // the browser's own message is not in the console's language
let words: ProblemWords | undefined

/** Sets the language of errors, and the message for a missing response. */
export function setProblemTexts(tag: LocaleTag, missing: string) {
  if (tag !== language) words = undefined
  language = tag
  noAnswer = missing
}

/** Loads the words that an error needs before it is shown. Without them the server's own message is shown. */
export async function loadProblemWords(): Promise<void> {
  const tag = language
  try {
    const loaded = await loadProblems(tag)
    if (tag === language) words = loaded
  } catch {
    // The server's own message says it, too.
  }
}

function fill(text: string, params: Params): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => {
    const value = params[name] ?? ''
    return Array.isArray(value) ? value.join(', ') : String(value)
  })
}

function fieldText({ code = '', params, message = '', value }: FieldProblem): string {
  const text = words?.codes[code]
  return text ? fill(text, { ...params, value }) : message
}

/** The message to show for an error. */
export function problemText(error: unknown): string {
  if (isProblem(error, 0) && noAnswer) return noAnswer
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error)
  const { status, detail, reason, params, errors } = error
  const [first] = errors
  if (!words) return detail
  if (first?.code && words.codes[first.code]) return fieldText(first)
  const text = words.reasons[reason]
  if (text) return fill(text, params)
  const common = words.statusesWithDetail[status]
  return words.statuses[status] ?? (common ? `${common}（${detail}）` : detail)
}

/** The message of an error whose fields are shown beside it. */
export function problemTitle(error: ApiProblem): string {
  return words?.statuses[error.status] ?? error.message
}
