import type { LocaleTag } from './dictionaries'

type Params = Record<string, unknown>

/** An invalid field in a response of the server. */
export interface FieldProblem {
  location?: string
  code?: string
  params?: Params
  message?: string
  value?: unknown
}

/** An error response of the server; detail is in English. */
export interface Problem {
  status: number
  detail: string
  /** Why, for programs; "" if the status says it all. */
  reason: string
  params: Params
  errors: FieldProblem[]
}

/** Says the server's errors in another language; undefined where the server's own message has to do. */
export interface ProblemTranslation {
  field: (problem: FieldProblem) => string | undefined
  text: (problem: Problem) => string | undefined
  title: (status: number) => string | undefined
}

/** What the server says in English, by its codes; each {name} stands for a parameter, and {value} for the value as sent. */
export interface ProblemMessages {
  codes: Record<string, string>
  reasons: Record<string, string>
  /** Of errors without a code. */
  statuses: Record<number, string>
  /** Of statuses whose detail has facts, which follows. */
  statusesWithDetail: Record<number, string>
}

/** Loads the translation for a language, which only few pages need; none in English, which the server writes. */
export async function loadProblems(tag: LocaleTag): Promise<ProblemTranslation | undefined> {
  return tag === 'zh-CN' ? (await import('./problemTranslation')).translationZh : undefined
}
