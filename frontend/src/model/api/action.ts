// One action of a person, such as a search, takes several calls. Each call names its action, and the access log records
// all calls of an action as one entry.

/** What a page reads: its own data, an opened item, rows to print, and the export started on it. */
export type ActionArea = 'page' | 'opened' | 'print' | 'export'

/** The header that names the action of a call; streams and downloads have it in their URL. */
export const actionHeader = 'Oplog-Act'

/** Marks a call that reads rows to print, beside its action. */
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

/** Begins the action of coming to a page. */
export function beginPage() {
  if (begun) beginAction('page')
  begun = true
  // Opening a page is one action, together with the item that its URL opens.
  actions.opened = actions.page
}
