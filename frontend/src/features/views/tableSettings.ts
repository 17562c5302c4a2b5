import type { View } from '../../model/api/types'
import { ignoredIn, readFilters, writeFilters } from '../../model/log/filters'
import { densities, optionalColumns, type Preferences } from '../../model/log/preferences'

type TableSettings = NonNullable<View['table']>

/** The table settings that a view stores. */
export function tableSettingsOf({ density, hidden }: Preferences): TableSettings {
  return { density, hidden: hidden.filter((column) => column !== 'content') }
}

/** A person's preferences with the table settings of a view. */
export function withTableSettings(preferences: Preferences, look: TableSettings): Preferences {
  return {
    ...preferences,
    density: densities.find((one) => one === look.density) ?? preferences.density,
    hidden: optionalColumns.filter((column) => look.hidden?.some((one) => one === column)),
  }
}

/** Whether a view has the filters of a page, and none that this version ignores. */
export function showsView(query: string, view: View): boolean {
  const search = new URLSearchParams(view.query)
  return ignoredIn(search, []).length === 0 && writeFilters(readFilters(search)).toString() === query
}
