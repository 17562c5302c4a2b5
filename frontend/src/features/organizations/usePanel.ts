import { useState } from 'react'
import { keep, read } from '../../lib/kept'

const widthKey = 'oplog.tree.width'
const closedKey = 'oplog.tree.closed'

/** The width of the organization panel and whether it is put away, kept for the person at this browser. */
export function usePanel() {
  const [width, setWidth] = useState(() => Math.min(400, Math.max(180, Number(read(widthKey)) || 232)))
  const [closed, setClosed] = useState(() => read(closedKey) === 'yes')
  return {
    width,
    closed,
    setWidth(next: number) {
      setWidth(next)
      keep(widthKey, String(next))
    },
    setClosed(next: boolean) {
      setClosed(next)
      keep(closedKey, next ? 'yes' : 'no')
    },
  }
}
