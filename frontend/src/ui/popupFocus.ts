import { useState } from 'react'

/**
 * The way back from a popup: to what opened it, or where that has gone, as a chip does with its filter, to the first
 * button beside it.
 */
export function useFocusBack(anchor: HTMLElement | null) {
  const [opener] = useState(() => document.activeElement)
  const back = () =>
    opener instanceof HTMLElement && opener.isConnected && opener !== document.body
      ? opener
      : anchor?.querySelector('button')
  return {
    /** Where the focus goes when the popup closes; nowhere when a press elsewhere has moved it already. */
    finalFocus: () => {
      const at = document.activeElement
      if (at && at !== document.body && !at.closest('[data-popup]')) return false
      return back() ?? false
    },
    /** Gives the focus back while the popup is still open. */
    leave: () => back()?.focus(),
  }
}

/** Whether what would close a popup happened at the control that opened it, which closes it by itself. */
export function withinAnchor(anchor: HTMLElement | null, event: Event): boolean {
  const at = event instanceof FocusEvent ? event.relatedTarget : event.target
  if (event.type === 'keydown' || !(at instanceof Element)) return false
  return anchor?.contains(at) === true && !at.closest('[data-popup]') // the popup is drawn within the control's element
}
