import { useState } from 'react'
import { useMessages } from '../../i18n/language'
import type { Preferences } from '../../model/log/preferences'
import { preloadable } from '../../ui/hooks/preload'
import { Icon } from '../../ui/Icon'
import { LazyBoundary } from '../../ui/LazyBoundary'
import '../../ui/popup.css'

const TableOptionsPanel = preloadable(() => import('./TableOptionsPanel'))

interface Props {
  preferences: Preferences
  onPreferences: (next: Preferences) => void
  /** The table is folded: its columns are as they are until it is wide again. */
  folded?: boolean
}

/** How high the rows are and which columns there are, as the reader likes it. */
export function TableOptions(props: Props) {
  const messages = useMessages()
  const [open, setOpen] = useState<'rows' | 'columns'>()

  const option = (which: 'rows' | 'columns', label: string) => (
    <span className="floating-anchor">
      <button
        type="button"
        className="icon-button"
        aria-label={label}
        title={label}
        aria-haspopup="dialog"
        aria-expanded={open === which}
        onClick={() => setOpen(open === which ? undefined : which)}
      >
        <Icon name={which} />
      </button>
      {open === which && (
        <LazyBoundary onEscape={() => setOpen(undefined)}>
          <TableOptionsPanel which={which} onClose={() => setOpen(undefined)} {...props} />
        </LazyBoundary>
      )}
    </span>
  )

  return (
    <>
      {option('rows', messages.density)}
      {option('columns', messages.columns)}
    </>
  )
}
