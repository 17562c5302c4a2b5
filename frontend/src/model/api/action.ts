import { useEffectEvent, useLayoutEffect, useRef } from 'react'

// One act of a person, such as a search, takes several calls. Each call names its act, and the access log tells all
// calls of one act by one entry.

/** What a page reads for itself, for a thing that was opened on it, for paper, and an export that was begun on it. */
export type ActionArea = 'page' | 'opened' | 'print' | 'export'

/** How an act is named in a call; a stream and a download, to which browsers add no header, have it in their address. */
export const actionHeader = 'Oplog-Act'

/** What a call says beside its act where it reads for paper. */
export const purposeHeader = 'Oplog-Purpose'

function newAction(): string {
  return crypto.getRandomValues(new Uint32Array(3)).join('-')
}

// What is asked for before the console is there is part of the act that the first page begins with.
const first = newAction()
const actions: Record<ActionArea, string> = { page: first, opened: first, print: first, export: first }
let begun = false

/** The act that calls of an area are part of now. */
export function actionOf(area: ActionArea): string {
  return actions[area]
}

/** Begins another act: what is read from now on is told by an entry of its own. */
export function beginAction(area: ActionArea) {
  actions[area] = newAction()
  begun = true
}

function beginPage() {
  if (begun) beginAction('page')
  begun = true
  // Coming to a page is one act, with the thing that its address opens.
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
    // An address is completed by the number of its entry, which is then no other.
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
