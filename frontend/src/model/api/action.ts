import { useEffectEvent, useLayoutEffect, useRef } from 'react'

// One action of a person, such as a search, takes several calls. Each call names its action, and the access log records
// all calls of an action as one entry.

/** What a page reads for itself, for a thing that was opened on it, for paper, and an export that was begun on it. */
export type ActionArea = 'page' | 'opened' | 'print' | 'export'

/** How an act is named in a call; a stream and a download, to which browsers add no header, have it in their address. */
export const actionHeader = 'Oplog-Act'

/** What a call says beside its act where it reads for paper. */
export const purposeHeader = 'Oplog-Purpose'

function newAction(): string {
  return crypto.getRandomValues(new Uint32Array(3)).join('-')
}

// Prefetched requests belong to the first action of the page.
const first = newAction()
const actions: Record<ActionArea, string> = { page: first, opened: first, print: first, export: first }
let begun = false

/** The current action of an area. */
export function actionOf(area: ActionArea): string {
  return actions[area]
}

/** Begins a new action: later calls are recorded in a new entry. */
export function beginAction(area: ActionArea) {
  actions[area] = newAction()
  begun = true
}

function beginPage() {
  if (begun) beginAction('page')
  begun = true
  // Opening a page is one action, together with the item that its URL opens.
  actions.opened = actions.page
}

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
