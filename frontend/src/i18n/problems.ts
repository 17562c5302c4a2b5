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
  /** The reason, for programs; "" if the status is enough. */
  reason: string
  params: Params
  errors: FieldProblem[]
}

/** Translates the server's errors; undefined if the server's own message has to be shown. */
export interface ProblemTranslation {
  field: (problem: FieldProblem) => string | undefined
  text: (problem: Problem) => string | undefined
  title: (status: number) => string | undefined
}

/** Translations of the server's messages by code; {name} is replaced by a parameter, {value} by the value as sent. */
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
