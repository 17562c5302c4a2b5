import { useEffect, useState } from 'react'

/** True once something has been going on for a while. */
export function useSlow(going: boolean, milliseconds: number): boolean {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    if (!going) return
    const timer = window.setTimeout(() => setSlow(true), milliseconds)
    return () => {
      window.clearTimeout(timer)
      setSlow(false)
    }
  }, [going, milliseconds])
  return going && slow
}

/** The time, as often as relative times need it. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 20_000)
    return () => window.clearInterval(timer)
  }, [])
  return now
}
