import { useEffect, useEffectEvent } from 'react'

/** A page-wide keyboard shortcut, inactive in inputs and dialogs. */
export function useKey(key: string, act: () => void, on = true) {
  const pressed = useEffectEvent(act)
  useEffect(() => {
    if (!on) return
    const press = (event: KeyboardEvent) => {
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      if (
        event.target instanceof HTMLElement &&
        event.target.closest('input, textarea, dialog, [role=dialog], [role=menu]')
      )
        return
      event.preventDefault()
      pressed()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [key, on])
}
