/** How a person likes the log to look. */
export interface Preferences {
  live: boolean
  density: Density
  /** The columns that are not wanted where the table has all seven. */
  hidden: Column[]
  /** In pixels, of the columns whose width is not the drawn one. */
  widths: Partial<Record<Column, number>>
}

export const densities = ['compact', 'standard', 'roomy'] as const
export type Density = (typeof densities)[number]

export const columns = ['user', 'role', 'organization', 'module', 'type', 'content', 'time'] as const
export type Column = (typeof columns)[number]
/** The content is what it was done to, and takes the room that the others leave. */
export const optionalColumns = columns.filter((column) => column !== 'content')

/** How narrow and how wide a column may be made. */
export const widthLimits = { min: 64, max: 480 }

export const defaultPreferences: Preferences = { live: true, density: 'standard', hidden: [], widths: {} }

/** A width as near to the wanted one as a column may have. */
export function within(width: number): number {
  return Math.round(Math.min(widthLimits.max, Math.max(widthLimits.min, width)))
}

/** A taste with a column as wide as wanted, or as drawn. */
export function withWidth(preferences: Preferences, column: Column, width: number | undefined): Preferences {
  const { [column]: _, ...others } = preferences.widths
  return { ...preferences, widths: width === undefined ? others : { ...others, [column]: within(width) } }
}

/**
 * The widths of the columns that are shown, as the style sheet has them at this width of the window or as they were
 * made. These give way before the content is squeezed.
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

/** Reads what was kept, whatever an older or a newer console has written. */
export function parsePreferences(text: string | null): Preferences {
  let kept: Partial<Record<keyof Preferences, unknown>> = {}
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    if (typeof value === 'object' && value !== null) kept = value
  } catch {
    // unreadable: as usual
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
