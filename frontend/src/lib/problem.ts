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
interface ProblemTexts {
  noAnswer: string
  nothingToSearch: string
  /** By filter or limit that the server refused; the value is shortened by the server. */
  refusedFilters: Partial<Record<string, (value: string) => string>>
  /** For an error without fields; empty: the server's own message. */
  statusText: (status: number) => string
}

let texts: ProblemTexts = { noAnswer: '', nothingToSearch: '', refusedFilters: {}, statusText: () => '' }

export function setProblemTexts(words: ProblemTexts) {
  texts = words
}

/** The text for the first filter that the server refused, in a link or an export. */
function refusedFilterText(error: ApiProblem): string | undefined {
  const location = error.locations[0] ?? ''
  const name = /^(?:query|body(?:\.filters)?)\.(?:not_)?([a-z_]+)/.exec(location)?.[1] ?? ''
  const value = error.values[location]
  // A search that took too long is no value of its own.
  const key = name === 'q' && (value === undefined || value === null) ? 'timeout' : name
  return error.status === 422 ? texts.refusedFilters[key]?.(String(value ?? '')) : undefined
}

/** The message to show for an error: the server's, if there is one. */
export function problemText(error: unknown): string {
  if (isProblem(error, 0) && texts.noAnswer) return texts.noAnswer
  if (hasNothingToSearch(error) && texts.nothingToSearch) return texts.nothingToSearch
  if (error instanceof ApiProblem) {
    const text = error.locations.length > 0 ? refusedFilterText(error) : texts.statusText(error.status)
    return text || error.detail
  }
  return error instanceof Error ? error.message : String(error)
}
