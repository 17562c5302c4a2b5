import type { Dictionary } from '../../i18n/en'
import type { Catalog, OperationGroup } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import type { ChoiceGroup } from '../../ui/ChoiceList'

const groupOrder: OperationGroup[] = ['destructive', 'outward', 'create', 'change']

/** The operation types of the catalog, by group. */
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
