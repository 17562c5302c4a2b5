import { useState } from 'react'

/** The last value there was: an answer that failed leaves what was read before it on the screen. */
export function useLastDefined<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value)
  if (value !== undefined && value !== last) setLast(value)
  return value === undefined ? last : value
}
