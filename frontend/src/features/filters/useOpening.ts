import { type RefObject, useRef, useState } from 'react'
import { type FilterName, fieldOf } from '../../model/log/filters'
import type { Opened } from './FilterBar'

/** Which filter is open, and the way to open one. */
export interface Opening {
  opened: Opened | undefined
  setOpened: (opened: Opened | undefined) => void
  /** Opens a filter wherever that is at this width, as the text of its chip and the head of its column do. */
  open: (name: FilterName) => void
  search: RefObject<HTMLInputElement | null>
}

interface Places {
  phone: boolean
  /** Opens the sheet, which has all filters of a phone, and the organizations where the tree has no room. */
  onSheet: (at: FilterName) => void
  /** Leads to the tree; undefined where it has no room. */
  onTree: (() => void) | undefined
}

export function useOpening({ phone, onSheet, onTree }: Places): Opening {
  const [opened, setOpened] = useState<Opened>()
  const search = useRef<HTMLInputElement>(null)

  function open(name: FilterName) {
    if (name === 'q') search.current?.focus()
    else if (name === 'period') setOpened('period')
    else if (phone) onSheet(name)
    else if (fieldOf(name) !== 'organization') setOpened(fieldOf(name))
    else if (onTree) onTree()
    else onSheet(name)
  }

  return { opened, setOpened, open, search }
}
