import type { LocaleTag } from './dictionaries'

/** What the server says in English, by its codes; each {name} stands for a parameter, and {value} for the value as sent. */
export interface ProblemWords {
  codes: Record<string, string>
  reasons: Record<string, string>
  /** Of errors without a code. */
  statuses: Record<number, string>
  /** Of statuses whose detail has facts, which follows. */
  statusesWithDetail: Record<number, string>
}

/** Loads the words of a language for the server's errors, which only few pages need; none in English, which the server writes. */
export async function loadProblems(tag: LocaleTag): Promise<ProblemWords | undefined> {
  return tag === 'zh-CN' ? (await import('./problems.zh')).problemsZh : undefined
}
