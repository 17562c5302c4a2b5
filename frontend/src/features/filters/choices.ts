import type { useChoicesMessages } from '../../i18n/choicesMessages'
import type { Catalog, OperationGroup } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { withIds } from '../../model/log/names'
import type { ChoiceGroup } from '../../ui/ChoiceList'

const groupOrder: OperationGroup[] = ['destructive', 'outward', 'create', 'change']

/** The operation types of the catalog, by group. */
export function operationChoices(titles: Titles, messages: ReturnType<typeof useChoicesMessages>): ChoiceGroup[] {
  const operations = titles.catalog?.operations ?? []
  const names = withIds(operations.map(({ key }) => [key, titles.operation(key)]))
  return groupOrder
    .map((group) => ({
      title: messages.groups[group],
      choices: operations
        .filter((operation) => operation.group === group)
        .map(({ key }) => ({ value: key, title: names.get(key) ?? key })),
    }))
    .filter((group) => group.choices.length > 0)
}

export function moduleChoices(titles: Titles): ChoiceGroup[] {
  const modules: Catalog['modules'] = titles.catalog?.modules ?? []
  const names = withIds(modules.map(({ key }) => [key, titles.module(key)]))
  return [{ choices: [...names].map(([value, title]) => ({ value, title })) }]
}
