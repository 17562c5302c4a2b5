/** How a person likes the log to look. */
export interface Taste {
  live: boolean
  density: Density
  /** The columns that are not wanted where the table has all seven. */
  hidden: Column[]
}

export const densities = ['compact', 'standard', 'roomy'] as const
export type Density = (typeof densities)[number]

export const columns = ['user', 'role', 'organization', 'module', 'type', 'content', 'time'] as const
export type Column = (typeof columns)[number]
/** The content is what it was done to, and takes the room that the others leave. */
export const optionalColumns = columns.filter((column) => column !== 'content')

export const usual: Taste = { live: true, density: 'standard', hidden: [] }

/** Reads what was kept, whatever an older or a newer console has written. */
export function readTaste(text: string | null): Taste {
  let kept: Partial<Record<keyof Taste, unknown>> = {}
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    if (typeof value === 'object' && value !== null) kept = value
  } catch {
    // unreadable: as usual
  }
  const hidden = Array.isArray(kept.hidden) ? kept.hidden : []
  return {
    live: kept.live !== false,
    density: densities.find((one) => one === kept.density) ?? usual.density,
    hidden: optionalColumns.filter((column) => hidden.includes(column)),
  }
}
