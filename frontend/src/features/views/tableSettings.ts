import type { View } from '../../model/api/types'
import { readFilters, writeFilters } from '../../model/log/filters'
import { densities, optionalColumns, type Preferences } from '../../model/log/preferences'

type TableSettings = NonNullable<View['table']>

/** How the table looks, as a view keeps it. */
export function tableSettingsOf({ density, hidden }: Preferences): TableSettings {
  return { density, hidden: hidden.filter((column) => column !== 'content') }
}

/** A person's taste with the looks of a view in it. */
export function withTableSettings(preferences: Preferences, look: TableSettings): Preferences {
  return {
    ...preferences,
    density: densities.find((one) => one === look.density) ?? preferences.density,
    hidden: optionalColumns.filter((column) => look.hidden?.some((one) => one === column)),
  }
}

/** A query in the one form that two of the same filters have in common. */
export function canonicalQuery(query: string): string {
  return writeFilters(readFilters(new URLSearchParams(query))).toString()
}
