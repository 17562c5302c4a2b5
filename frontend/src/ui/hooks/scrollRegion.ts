import { createContext, useContext } from 'react'

/** The scrolling element around a component; null until it is drawn. */
export const ScrollRegion = createContext<HTMLElement | null>(null)

export function useScrollRegion(): HTMLElement | null {
  return useContext(ScrollRegion)
}
