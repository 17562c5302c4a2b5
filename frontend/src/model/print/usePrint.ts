import { useEffect, useEffectEvent, useState } from 'react'
import { flushSync } from 'react-dom'
import { useWords } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import { useToast } from '../../ui/Toasts'
import { beginAction } from '../api/action'

/** Printing reads this many rows at most. */
export const maxPrintedRows = 1000

/** Whether the page is being put on paper, in time for what it then shows to be drawn. */
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
  /** The page is being put on paper. */
  on: boolean
  /** What was read for it; undefined where the browser's own menu prints what the page has. */
  loaded: T | undefined
  pending: boolean
  print: () => void
}

/**
 * Printing: the command reads what the paper is to hold and then opens the browser's dialog, and so does Ctrl+P. The
 * browser's menu does not wait for anything: it prints what there is.
 */
export function usePrint<T>(load: (signal: AbortSignal) => Promise<T>): Print<T> {
  const words = useWords()
  const say = useToast()
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
      say(words.paper.failed(problemText(error)))
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
