import type { FieldProblem, ProblemMessages, ProblemTranslation } from './problems'
import { problemsZh } from './problems.zh'

function translation(messages: ProblemMessages): ProblemTranslation {
  function field({ code = '', params, value }: FieldProblem) {
    const text = messages.codes[code]
    return text ? fill(text, { ...params, value }) : undefined
  }
  return {
    field,
    text({ status, detail, reason, params, errors: [first] }) {
      const text = messages.reasons[reason]
      const common = messages.statusesWithDetail[status]
      return (
        (first && field(first)) ||
        (text ? fill(text, params) : messages.statuses[status]) ||
        (common && `${common}（${detail}）`)
      )
    },
    title: (status) => messages.statuses[status],
  }
}

function fill(text: string, params: Record<string, unknown>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => {
    const value = params[name] ?? ''
    return Array.isArray(value) ? value.join(', ') : String(value)
  })
}

export const translationZh = translation(problemsZh)
