/** A person's display preferences for the log. */
export interface Preferences {
  live: boolean
  density: Density
  /** The columns hidden in the wide table. */
  hidden: Column[]
  /** In pixels, of columns with a custom width. */
  widths: Partial<Record<Column, number>>
}

export const densities = ['compact', 'standard', 'roomy'] as const
export type Density = (typeof densities)[number]

export const columns = ['user', 'role', 'organization', 'module', 'type', 'content', 'time'] as const
export type Column = (typeof columns)[number]
/** The content column is always shown and takes the remaining width. */
export const optionalColumns = columns.filter((column) => column !== 'content')

/** The minimum and maximum width of a column. */
export const widthLimits = { min: 64, max: 480 }

export const defaultPreferences: Preferences = { live: true, density: 'standard', hidden: [], widths: {} }

/** Limits a width to the allowed range. */
export function within(width: number): number {
  return Math.round(Math.min(widthLimits.max, Math.max(widthLimits.min, width)))
}

/** Sets the width of a column, or resets it. */
export function withWidth(preferences: Preferences, column: Column, width: number | undefined): Preferences {
  const { [column]: _, ...others } = preferences.widths
  return { ...preferences, widths: width === undefined ? others : { ...others, [column]: within(width) } }
}

/**
 * The grid widths of the visible columns: custom ones, or those of the style sheet at this window width.
 * Custom widths shrink before the content does.
 */
export function gridColumns({ hidden, widths }: Pick<Preferences, 'hidden' | 'widths'>): string {
  return columns
    .filter((column) => !hidden.includes(column))
    .map((column) => {
      const width = widths[column]
      if (column === 'content' && Object.keys(widths).length > 0) return 'minmax(200px, 1fr)'
      return width === undefined ? `var(--${column})` : `minmax(${widthLimits.min}px, ${width}px)`
    })
    .join(' ')
}

/** Parses stored preferences, also those of older or newer consoles. */
export function parsePreferences(text: string | null): Preferences {
  let kept: Partial<Record<keyof Preferences, unknown>> = {}
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    if (typeof value === 'object' && value !== null) kept = value
  } catch {
    // unreadable: use the defaults
  }
  const hidden = Array.isArray(kept.hidden) ? kept.hidden : []
  const widths = new Map(typeof kept.widths === 'object' && kept.widths !== null ? Object.entries(kept.widths) : [])
  return {
    live: kept.live !== false,
    density: densities.find((one) => one === kept.density) ?? defaultPreferences.density,
    hidden: optionalColumns.filter((column) => hidden.includes(column)),
    widths: Object.fromEntries(
      optionalColumns.flatMap((column) => {
        const width = widths.get(column)
        return typeof width === 'number' && Number.isFinite(width) ? [[column, within(width)]] : []
      }),
    ),
  }
}
