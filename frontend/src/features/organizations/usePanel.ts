import { useState } from 'react'
import { readStored, writeStored } from '../../lib/storage'

const widthKey = 'oplog.tree.width'
const closedKey = 'oplog.tree.closed'

/** The width of the organization panel and whether it is collapsed, stored in this browser. */
export function usePanel() {
  const [width, setWidth] = useState(() => Math.min(400, Math.max(180, Number(readStored(widthKey)) || 232)))
  const [closed, setClosed] = useState(() => readStored(closedKey) === 'yes')
  return {
    width,
    closed,
    setWidth(next: number) {
      setWidth(next)
      writeStored(widthKey, String(next))
    },
    setClosed(next: boolean) {
      setClosed(next)
      writeStored(closedKey, next ? 'yes' : 'no')
    },
  }
}
