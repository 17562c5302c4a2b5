import { useEffect } from 'react'
import { createPortal } from 'react-dom'
import { useViewingMessages } from '../../i18n/viewingMessages'
import { problemText } from '../../lib/problem'
import type { Session } from '../../model/api/types'
import { useOrganizations } from '../../model/log/queries'
import { followOtherTabs, useEndView } from '../../model/session/viewing'
import { Notice } from '../../ui/Notice'
import './banner.css'

/** Says over every page whose view of the log it is, while that is not one's own. */
export function ViewingBanner({ session }: { session: Session }) {
  const messages = useViewingMessages()
  const end = useEndView()
  const scope = useScope(session)
  useEffect(followOtherTabs, [])
  const { viewing } = session
  if (!viewing) return null
  const name = session.name ? `${session.name} (${viewing.username})` : viewing.username
  return createPortal(
    <section className="viewing" aria-label={messages.viewingLabel}>
      <Notice kind={end.error ? 'error' : 'note'} action={messages.stop} onAction={() => end.mutate()}>
        {end.error
          ? messages.notStopped(problemText(end.error))
          : viewing.ended
            ? messages.ended(viewing.username)
            : `${messages.viewing(name, messages.roles[session.role], scope)} ${messages.readOnly}`}
      </Notice>
    </section>,
    document.body,
  )
}

/** What the person sees: a tenant, or an organization in it. */
function useScope({ role, organization, tenants: [tenant] }: Session): string {
  const messages = useViewingMessages()
  const scoped = tenant !== undefined && organization !== undefined
  const { data } = useOrganizations(tenant?.id ?? '', scoped)
  if (role === 'member' || !tenant) return messages.nothing
  if (!scoped) return tenant.name
  return messages.andBelow(data?.find(({ id }) => id === organization)?.name ?? organization)
}
