import type { Dictionary } from '../../i18n/en'
import { exactPeriod } from '../../lib/time/phrases'
import { exactTime } from '../../lib/time/zone'
import { type Field, type FilterName, type Filters, isList } from '../../model/log/filters'
import { filterValues, shortList } from '../../model/log/names'
import type { ActionContext } from './actions'
import type { AccessChoices } from './useAccessChoices'
import { activeIn } from './useAccessFilters'

/** An active filter, as its chip says it. */
export interface ActiveFilter {
  name: FilterName
  label: string
  text: string
}

/** The active filters; values have the titles of their choices. */
export function activeFilterTexts(filters: Filters, choices: AccessChoices, context: ActionContext): ActiveFilter[] {
  const { messages, common, zone } = context
  function titleOf(field: Field, value: string): string {
    const groups = { user: choices.actors, operation: choices.actions }[field as string]
    return groups?.flatMap(({ choices }) => choices).find((choice) => choice.value === value)?.title ?? value
  }
  const labels: Partial<Record<FilterName, string>> = {
    q: common.search,
    user: messages.access.user,
    operation: messages.access.action,
    module: common.functionalModule,
    contentId: messages.access.about,
    period: messages.access.time,
  }
  return activeIn(filters).map((name) => ({
    name,
    label: labels[name] ?? name,
    text: isList(name)
      ? shortList(filterValues(filters, name, titleOf), common.more, common.listJoin)
      : name === 'q'
        ? filters.q.trim()
        : customPeriod(filters, zone, common),
  }))
}

/** The period as text; undefined for all time. */
export function shownPeriod(filters: Filters, zone: string, messages: Dictionary): string | undefined {
  if (filters.from || filters.to) return customPeriod(filters, zone, messages)
  return filters.range && messages.rangeInText[filters.range]
}

/** A period of one's own, of which an end may be open. */
function customPeriod({ from, to }: Filters, zone: string, messages: Dictionary): string {
  if (from && to) return exactPeriod(Date.parse(from), Date.parse(to), zone, messages)
  const moment = (time: string | undefined) => (time ? exactTime(time, zone) : '…')
  return messages.period(moment(from), moment(to))
}
