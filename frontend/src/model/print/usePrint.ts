import { useEffect, useEffectEvent, useState } from 'react'
import { flushSync } from 'react-dom'
import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import { useToast } from '../../ui/Toasts'
import { beginAction } from '../api/action'

/** The maximum number of printed rows. */
export const maxPrintedRows = 1000

/** Whether the page is being printed, early enough to render for it. */
export function useIsPrinting(): boolean {
  const [on, setOn] = useState(false)
  useEffect(() => {
    const query = window.matchMedia('print')
    let printing = false
    const begin = () => {
      printing = true
      flushSync(() => setOn(true))
    }
    const end = () => {
      printing = false
      setOn(query.matches)
    }
    // While it prints, the browser may turn the medium back and forth: pages that it has counted would be lost.
    const medium = () => {
      if (!printing) flushSync(() => setOn(query.matches))
    }
    window.addEventListener('beforeprint', begin)
    window.addEventListener('afterprint', end)
    query.addEventListener('change', medium)
    return () => {
      window.removeEventListener('beforeprint', begin)
      window.removeEventListener('afterprint', end)
      query.removeEventListener('change', medium)
    }
  }, [])
  return on
}

interface Print<T> {
  /** The page is being printed. */
  on: boolean
  /** The data fetched for it; undefined if the browser's menu prints the page as it is. */
  loaded: T | undefined
  pending: boolean
  print: () => void
}

/**
 * Printing: the button and Ctrl+P fetch the data to print, then open the browser's dialog. The
 * browser's menu does not wait: it prints the page as it is.
 */
export function usePrint<T>(load: (signal: AbortSignal) => Promise<T>): Print<T> {
  const messages = useMessages()
  const showToast = useToast()
  const on = useIsPrinting()
  const [loaded, setLoaded] = useState<T>()
  const [reading, setReading] = useState<AbortController>()

  useEffect(() => {
    if (!on) setLoaded(undefined)
  }, [on])
  useEffect(() => () => reading?.abort(), [reading])

  const busy = reading !== undefined
  async function print() {
    if (busy) return
    const controller = new AbortController()
    setReading(controller)
    beginAction('print')
    try {
      const data = await load(controller.signal)
      flushSync(() => {
        setLoaded(data)
        setReading(undefined)
      })
      window.print()
    } catch (error) {
      if (controller.signal.aborted) return
      setReading(undefined)
      showToast(messages.printing.failed(problemText(error)))
    }
  }

  const pressed = useEffectEvent(print)
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'p' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
      event.preventDefault()
      pressed()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])

  return { on, loaded, pending: busy, print }
}
