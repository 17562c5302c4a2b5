import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { useReadOnlyMessages } from '../../i18n/readOnlyMessages'
import { call } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { ServerStatus } from '../../model/api/types'
import { administers } from '../../model/session/permissions'
import { useSession } from '../../model/session/session'
import { Notice } from '../../ui/Notice'
import { QuorumText } from './QuorumText'
import './readOnly.css'

/** How often the server is asked, in ms. */
const interval = 10_000

/** Says over every page that nothing can be recorded, while that is so, and of what the nodes do not agree on, how old it is. */
export default function ReadOnlyBanner() {
  const messages = useReadOnlyMessages()
  const session = useSession()
  const { data, dataUpdatedAt } = useQuery({
    queryKey: queryKeys.readOnly,
    queryFn: ({ signal }) => call<ServerStatus>('/api/v1/status', { signal }),
    refetchInterval: interval,
    retry: false,
  })
  if (data?.read_only)
    return (
      <Banner>
        {messages.readOnly}
        {administers(session) && ` ${messages.readOnlyReason}`}
      </Banner>
    )
  if (data?.quorum_lost)
    return (
      <Banner>
        <QuorumText of={data.quorum_lost} now={dataUpdatedAt} />
      </Banner>
    )
  return null
}

function Banner({ children }: { children: ReactNode }) {
  return createPortal(
    <div className="read-only">
      <Notice kind="error">{children}</Notice>
    </div>,
    document.body,
  )
}
