/** The body of the server's error response. */
export interface ProblemBody {
  title?: string
  detail?: string
  errors?: { location?: string; message?: string; value?: unknown }[]
}

/** An error response of the server, or a missing response (status 0). */
export class ApiProblem extends Error {
  readonly status: number
  readonly detail: string
  readonly locations: string[]
  /** The error of each field, by its location. */
  readonly fields: Record<string, string>
  /** The value that each error is about, by location. */
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

/** Whether the search has no letter or digit, such as a hyphen that begins an exclusion. */
export function hasNothingToSearch(error: unknown): boolean {
  const words = error instanceof ApiProblem && error.status === 422 ? error.values['query.q'] : undefined
  return typeof words === 'string' && !/[\p{L}\p{N}]/u.test(words)
}

/** Texts that replace messages of the browser and the server, which are not in the console's language. */
let texts = { noAnswer: '', nothingToSearch: '' }

export function setProblemTexts(words: typeof texts) {
  texts = words
}

/** The message to show for an error: the server's, if there is one. */
export function problemText(error: unknown): string {
  if (isProblem(error, 0) && texts.noAnswer) return texts.noAnswer
  if (hasNothingToSearch(error) && texts.nothingToSearch) return texts.nothingToSearch
  if (error instanceof ApiProblem) return error.detail
  return error instanceof Error ? error.message : String(error)
}
