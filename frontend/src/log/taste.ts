/** How a person likes the log to look. */
export interface Taste {
  live: boolean
}

export const usual: Taste = { live: true }

/** Reads what was kept, whatever an older or a newer console has written. */
export function readTaste(text: string | null): Taste {
  let kept: Partial<Record<keyof Taste, unknown>> = {}
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    if (typeof value === 'object' && value !== null) kept = value
  } catch {
    // unreadable: as usual
  }
  return { live: kept.live !== false }
}
