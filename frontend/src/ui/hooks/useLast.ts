import { useRef } from 'react'

/** The last value there was: an answer that failed leaves what was read before it on the screen. */
export function useLast<T>(value: T | undefined): T | undefined {
  const last = useRef(value)
  if (value !== undefined) last.current = value
  return last.current
}
