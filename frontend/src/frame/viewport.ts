import { useSyncExternalStore } from 'react'

function subscribe(changed: () => void): () => void {
  window.addEventListener('resize', changed)
  return () => window.removeEventListener('resize', changed)
}

/** The width of the window in CSS pixels. */
export function useViewport(): number {
  return useSyncExternalStore(subscribe, () => window.innerWidth)
}

const darkQuery = '(prefers-color-scheme: dark)'

function subscribeDark(changed: () => void): () => void {
  const query = window.matchMedia(darkQuery)
  query.addEventListener('change', changed)
  return () => query.removeEventListener('change', changed)
}

export function useSystemDark(): boolean {
  return useSyncExternalStore(subscribeDark, () => window.matchMedia(darkQuery).matches)
}
