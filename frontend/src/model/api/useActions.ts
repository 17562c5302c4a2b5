import { useEffectEvent, useLayoutEffect, useRef } from 'react'
import { type ActionArea, beginAction, beginPage } from './action'

let further: string | undefined

/** Makes the next query of a page part of the current action, such as a search that is still being typed. */
export function goOn(asked: string) {
  further = asked
}

/**
 * Begins an action when a page is opened, when its query changes, and when another item is opened on it. It calls `begin`
 * before the queries start, so that returning to something read a moment ago reads it again, and it is recorded again.
 * Layout effects run before the effects that start queries.
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
