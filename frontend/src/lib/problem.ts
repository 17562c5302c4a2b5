import type { LocaleTag } from '../i18n/dictionaries'
import { type FieldProblem, loadProblems, type Problem, type ProblemTranslation } from '../i18n/problems'

/** The body of the server's error response. */
export interface ProblemBody {
  type?: string
  title?: string
  detail?: string
  params?: Problem['params']
  errors?: FieldProblem[]
}

/** An error response of the server, or a missing response (status 0). */
export class ApiProblem extends Error implements Problem {
  readonly status: number
  /** The server's message, in English. */
  readonly detail: string
  /** The reason, for programs; "" if the status is enough. */
  readonly reason: string
  readonly params: Problem['params']
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
    return Object.fromEntries(
      this.errors.map((error) => [error.location ?? '', translation?.field(error) ?? error.message ?? '']),
    )
  }
}

/** Adds the value to the message for a query parameter, which has no field beside it. */
function valued({ location, value }: FieldProblem, message: string): string {
  return location?.startsWith('query.') && typeof value === 'string' && value ? `“${value}” ${message}` : message
}

export function isProblem(error: unknown, status: number): boolean {
  return error instanceof ApiProblem && error.status === status
}

let language: LocaleTag = 'en'
let noAnswer = '' // the browser's own message is not in the console's language
let translation: ProblemTranslation | undefined

/** Sets the language of errors, and the message for a missing response. */
export function setProblemTexts(tag: LocaleTag, missing: string) {
  if (tag !== language) translation = undefined
  language = tag
  noAnswer = missing
}

/** Loads the translation that an error needs before it is shown. Without it the server's own message is shown. */
export async function loadProblemMessages(): Promise<void> {
  const tag = language
  try {
    const loaded = await loadProblems(tag)
    if (tag === language) translation = loaded
  } catch {
    // The server's own message is shown instead.
  }
}

/** The message to show for an error. */
export function problemText(error: unknown): string {
  if (isProblem(error, 0) && noAnswer) return noAnswer
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error)
  return translation?.text(error) ?? error.detail
}

/** The message of an error whose fields are shown beside it. */
export function problemTitle(error: ApiProblem): string {
  return translation?.title(error.status) ?? error.message
}
