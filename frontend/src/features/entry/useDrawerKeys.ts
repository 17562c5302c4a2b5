import { type KeyboardEvent, type RefObject, useEffect, useEffectEvent } from 'react'
import type { Entry } from '../../model/api/types'

interface Steps {
  previous: Entry | undefined
  next: Entry | undefined
  onOpen: (entry: Entry) => void
  onClose: () => void
}

/** The keys of the drawer: Escape closes it from anywhere on the page, and the returned handler steps to other entries. */
export function useDrawerKeys(body: RefObject<HTMLElement | null>, { previous, next, onOpen, onClose }: Steps) {
  // Except where Escape has another meaning.
  const close = useEffectEvent(onClose)
  useEffect(() => {
    const key = (event: globalThis.KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      if (event.target instanceof HTMLElement && event.target.closest('input, dialog, [role=dialog], figure')) return
      close()
    }
    document.addEventListener('keydown', key)
    return () => document.removeEventListener('keydown', key)
  }, [])

  return (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    // Up and down scroll the entry itself, where it is longer than the drawer and has the focus.
    const scrolls = event.target instanceof Node && body.current?.contains(event.target)
    const sideways = event.target instanceof HTMLElement && event.target.closest('pre, table') !== null
    const forth =
      event.key === 'j' || (event.key === 'ArrowDown' && !scrolls) || (event.key === 'ArrowRight' && !sideways)
    const back = event.key === 'k' || (event.key === 'ArrowUp' && !scrolls) || (event.key === 'ArrowLeft' && !sideways)
    const target = forth ? next : back ? previous : undefined
    if (!target) return
    event.preventDefault()
    onOpen(target)
  }
}
