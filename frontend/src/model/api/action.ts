import { useLayoutEffect, useRef } from 'react'

// One act of a person, such as a search, takes several calls. Each call names its act, and the access log tells all
// calls of one act by one entry.

/** What a page reads for itself, and what it reads for a thing that was opened on it. */
export type ActionArea = 'page' | 'opened'

/** How an act is named in a call; a stream, to which browsers add no header, has it in its address. */
export const actionHeader = 'Oplog-Act'

function newAction(): string {
  return crypto.getRandomValues(new Uint32Array(3)).join('-')
}

// What is asked for before the console is there is part of the act that the first page begins with.
const first = newAction()
const actions: Record<ActionArea, string> = { page: first, opened: first }
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

/**
 * Begins an act when a page is come to, when what it asks for changes, and when another thing is opened on it. Layout
 * effects run before the effects by which queries begin.
 */
export function useActions(asked: string, opened: Opened | undefined) {
  const { id, seq } = opened ?? {}
  const before = useRef<{ asked: string; id: string | undefined; seq: number | undefined }>(undefined)
  useLayoutEffect(() => {
    const last = before.current
    before.current = { asked, id, seq }
    if (!last) {
      beginPage()
      return
    }
    if (last.asked !== asked) beginAction('page')
    // An address is completed by the number of its entry, which is then no other.
    const another = last.id !== id || (last.seq !== undefined && last.seq !== seq)
    if (id !== undefined && another) beginAction('opened')
  }, [asked, id, seq])
}

interface Opened {
  id: string
  seq?: number | undefined
}
