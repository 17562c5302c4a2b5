import type { Catalog, OperationGroup } from '../api/types'
import type { Dictionary } from '../i18n/en'
import type { ChoiceGroup } from './ChoiceList'
import type { Titles } from './catalog'

const groupOrder: OperationGroup[] = ['destructive', 'outward', 'create', 'change']

/** The operation types of the catalog, in groups by what they mean. */
export function operationChoices(titles: Titles, words: Dictionary): ChoiceGroup[] {
  const operations = titles.catalog?.operations ?? []
  return groupOrder
    .map((group) => ({
      title: words.groups[group],
      choices: operations
        .filter((operation) => operation.group === group)
        .map(({ key }) => ({ value: key, title: titles.operation(key) })),
    }))
    .filter((group) => group.choices.length > 0)
}

export function moduleChoices(titles: Titles): ChoiceGroup[] {
  const modules: Catalog['modules'] = titles.catalog?.modules ?? []
  return [{ choices: modules.map(({ key }) => ({ value: key, title: titles.module(key) })) }]
}
