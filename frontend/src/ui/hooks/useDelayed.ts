import { useEffect, useState } from 'react'

/** True once something has been in progress for a while. */
export function useDelayed(pending: boolean, milliseconds: number): boolean {
  const [passed, setPassed] = useState(false)
  useEffect(() => {
    if (!pending) return
    const timer = window.setTimeout(() => setPassed(true), milliseconds)
    return () => {
      window.clearTimeout(timer)
      setPassed(false)
    }
  }, [pending, milliseconds])
  return pending && passed
}
