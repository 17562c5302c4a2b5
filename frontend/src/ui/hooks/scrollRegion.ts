import { createContext, useContext } from 'react'

/** Gives the element that scrolls to what stands in it; null until it is there. */
export const ScrollRegion = createContext<HTMLElement | null>(null)

export function useScrollRegion(): HTMLElement | null {
  return useContext(ScrollRegion)
}
