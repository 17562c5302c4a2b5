import { useState } from 'react'

const widthKey = 'oplog.tree.width'
const closedKey = 'oplog.tree.closed'

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function keep(key: string, value: string) {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Without a place to keep it, the panel is as drawn next time.
  }
}

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
