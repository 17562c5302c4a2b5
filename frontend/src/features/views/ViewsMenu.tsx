import { useState } from 'react'
import { useMessages } from '../../i18n/language'
import type { Tenant, View } from '../../model/api/types'
import type { Preferences } from '../../model/log/preferences'
import { preloadable } from '../../ui/hooks/preload'
import { Icon } from '../../ui/Icon'
import { LazyBoundary } from '../../ui/LazyBoundary'
import '../../ui/filters.css'
import '../../ui/popup.css'

const ViewsPanel = preloadable(() => import('./ViewsPanel'))

export interface ViewContext {
  tenant: Tenant
  /** The current filters, as in the URL. */
  query: string
  /** The same as text. */
  shown: string
  preferences: Preferences
  onOpen: (view: View) => void
}

/** The saved views: a button that opens them. On a phone it is an icon. */
export function ViewsMenu({ phone, ...context }: ViewContext & { phone?: boolean }) {
  const messages = useMessages()
  const [open, setOpen] = useState(false)
  return (
    <span className="floating-anchor">
      <button
        type="button"
        className={phone ? 'choice-trigger views-icon' : 'text-button quiet'}
        aria-label={phone ? messages.views : undefined}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="bookmark" />
        {!phone && messages.views}
        {!phone && <Icon name="down" small />}
      </button>
      {open && (
        <LazyBoundary onEscape={() => setOpen(false)}>
          <ViewsPanel {...context} onClose={() => setOpen(false)} />
        </LazyBoundary>
      )}
    </span>
  )
}
