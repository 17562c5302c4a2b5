import { useEffect, useState } from 'react'

/** True once something has been in progress for a while. */
export function useSlow(pending: boolean, milliseconds: number): boolean {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    if (!pending) return
    const timer = window.setTimeout(() => setSlow(true), milliseconds)
    return () => {
      window.clearTimeout(timer)
      setSlow(false)
    }
  }, [pending, milliseconds])
  return pending && slow
}
