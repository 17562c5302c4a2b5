/** What the server says of a failed call. */
export interface ProblemBody {
  title?: string
  detail?: string
  errors?: { location?: string; message?: string; value?: unknown }[]
}

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

/** Whether the words to search for have no letter or digit, such as the hyphen that begins an exclusion. */
export function hasNothingToSearch(error: unknown): boolean {
  const words = error instanceof ApiProblem && error.status === 422 ? error.values['query.q'] : undefined
  return typeof words === 'string' && !/[\p{L}\p{N}]/u.test(words)
}

/** What is said in place of the browser's own words and the server's, which are not in the console's language. */
let texts = { noAnswer: '', nothingToSearch: '' }

export function setProblemTexts(words: typeof texts) {
  texts = words
}

/** What to tell a person about an error: the server's own words where there are some. */
export function problemText(error: unknown): string {
  if (isProblem(error, 0) && texts.noAnswer) return texts.noAnswer
  if (hasNothingToSearch(error) && texts.nothingToSearch) return texts.nothingToSearch
  if (error instanceof ApiProblem) return error.detail
  return error instanceof Error ? error.message : String(error)
}
