import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import { useReadOnlyMessages } from '../../i18n/readOnlyMessages'
import { staleEvent } from '../../model/api/http'
import { statusQuery } from '../../model/log/useStale'
import { administers } from '../../model/session/permissions'
import { useSession } from '../../model/session/session'
import { Icon } from '../../ui/Icon'
import { Notice } from '../../ui/Notice'
import { QuorumText } from './QuorumText'
import './readOnly.css'

/** How often the server is asked, in ms. */
const interval = 10_000

/** Says over every page that nothing can be recorded, while that is so, and of what the nodes do not agree on, how old it is. */
export default function ReadOnlyBanner() {
  const messages = useReadOnlyMessages()
  const session = useSession()
  const { data, dataUpdatedAt, refetch } = useQuery({
    ...statusQuery,
    refetchInterval: interval,
    retry: false,
  })
  useStaleAnswers(data && data.quorum_lost !== undefined, refetch)
  if (data?.read_only)
    return (
      <Banner>
        <Notice kind="error">
          {messages.readOnly}
          {administers(session) && ` ${messages.readOnlyReason}`}
        </Notice>
      </Banner>
    )
  if (data?.quorum_lost)
    return (
      <Banner>
        <div className="notice notice-error">
          <Icon name="alert" />
          <span>
            <QuorumText of={data.quorum_lost} now={dataUpdatedAt} />
          </span>
        </div>
      </Banner>
    )
  return null
}

/** Asks as soon as an answer says that it may be old, and reads all again once the quorum is back; `lost` is undefined until known. */
function useStaleAnswers(lost: boolean | undefined, ask: (options: { cancelRefetch: boolean }) => void) {
  const client = useQueryClient()
  const before = useRef(lost)
  useEffect(() => {
    if (before.current && lost === false) client.invalidateQueries({ queryKey: ['tenant'] })
    before.current = lost
    if (lost) return
    const hear = () => ask({ cancelRefetch: false })
    window.addEventListener(staleEvent, hear)
    return () => window.removeEventListener(staleEvent, hear)
  }, [lost, ask, client])
}

function Banner({ children }: { children: ReactNode }) {
  return createPortal(<div className="read-only">{children}</div>, document.body)
}
