import { call } from '../api/http'
import type { Entry, EntryPage } from '../api/types'
import { maxPrintedRows } from './usePrint'

/** Fetches the newest rows of a list, page by page, up to the print limit; `more` if there are others. */
export async function fetchRows(path: string, query: URLSearchParams, signal: AbortSignal) {
  const rows: Entry[] = []
  let cursor: string | undefined
  do {
    const page = new URLSearchParams(query)
    page.set('limit', String(Math.min(200, maxPrintedRows - rows.length)))
    if (cursor) page.set('cursor', cursor)
    const { entries, next_cursor } = await call<EntryPage>(`${path}?${page}`, { signal, action: 'print' })
    rows.push(...entries)
    cursor = next_cursor
  } while (cursor && rows.length < maxPrintedRows)
  return { rows, more: cursor !== undefined && cursor !== '' }
}
