import { useEffectEvent, useLayoutEffect, useRef } from 'react'
import { type ActionArea, beginAction, beginPage } from './action'

let further: string | undefined

/** Says that what a page asks for next is part of the act that goes on: a search that is still being typed. */
export function goOn(asked: string) {
  further = asked
}

/**
 * Begins an act when a page of a place is come to, when what it asks for changes, and when another thing is opened on
 * it. `begin` is told so before the queries begin: a person who comes back to what was read a moment ago reads it again,
 * and it is told again. Layout effects run before the effects by which queries begin.
 */
export function useActions(
  place: string,
  asked: string,
  opened: Opened | undefined,
  begin: (area: ActionArea) => void,
) {
  const { id, seq } = opened ?? {}
  const before = useRef<{ page: string; id: string | undefined; seq: number | undefined }>(undefined)
  const tell = useEffectEvent(begin)
  useLayoutEffect(() => {
    const last = before.current
    const page = `${place}?${asked}`
    before.current = { page, id, seq }
    if (!last) beginPage()
    else if (last.page !== page && further !== asked) beginAction('page')
    if (last?.page !== page) {
      further = undefined
      tell('page')
    }
    // Completing a URL with the entry's seq does not open another entry.
    const another = last?.id !== id || (last?.seq !== undefined && last.seq !== seq)
    if (id === undefined || !another) return
    if (last) beginAction('opened')
    tell('opened')
  }, [place, asked, id, seq])
}

interface Opened {
  id: string
  seq?: number | undefined
}
