import type { View } from '../../model/api/types'
import { readFilters, writeFilters } from '../../model/log/filters'
import { densities, optionalColumns, type Taste } from '../../model/log/taste'

type Look = NonNullable<View['table']>

/** How the table looks, as a view keeps it. */
export function lookOf({ density, hidden }: Taste): Look {
  return { density, hidden: hidden.filter((column) => column !== 'content') }
}

/** A person's taste with the looks of a view in it. */
export function tasteWith(taste: Taste, look: Look): Taste {
  return {
    ...taste,
    density: densities.find((one) => one === look.density) ?? taste.density,
    hidden: optionalColumns.filter((column) => look.hidden?.some((one) => one === column)),
  }
}

/** A query in the one form that two of the same filters have in common. */
export function canonical(query: string): string {
  return writeFilters(readFilters(new URLSearchParams(query))).toString()
}
