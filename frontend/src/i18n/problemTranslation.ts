import type { FieldProblem, ProblemTranslation, ProblemWords } from './problems'
import { problemsZh } from './problems.zh'

function translation(words: ProblemWords): ProblemTranslation {
  function field({ code = '', params, value }: FieldProblem) {
    const text = words.codes[code]
    return text ? fill(text, { ...params, value }) : undefined
  }
  return {
    field,
    text({ status, detail, reason, params, errors: [first] }) {
      const text = words.reasons[reason]
      const common = words.statusesWithDetail[status]
      return (
        (first && field(first)) ||
        (text ? fill(text, params) : words.statuses[status]) ||
        (common && `${common}（${detail}）`)
      )
    },
    title: (status) => words.statuses[status],
  }
}

function fill(text: string, params: Record<string, unknown>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => {
    const value = params[name] ?? ''
    return Array.isArray(value) ? value.join(', ') : String(value)
  })
}

export const translationZh = translation(problemsZh)
