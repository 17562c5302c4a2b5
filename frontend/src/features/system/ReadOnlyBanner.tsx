import { useQuery } from '@tanstack/react-query'
import { createPortal } from 'react-dom'
import { useReadOnlyMessages } from '../../i18n/readOnlyMessages'
import { call } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import { administers } from '../../model/session/permissions'
import { useSession } from '../../model/session/session'
import { Notice } from '../../ui/Notice'
import './readOnly.css'

/** How often the server is asked, in ms. */
const interval = 10_000

/** Says over every page that nothing can be recorded, while that is so. */
export default function ReadOnlyBanner() {
  const messages = useReadOnlyMessages()
  const session = useSession()
  const { data } = useQuery({
    queryKey: queryKeys.readOnly,
    queryFn: async ({ signal }) => (await call<{ read_only: boolean }>('/api/v1/status', { signal })).read_only,
    refetchInterval: interval,
    retry: false,
  })
  if (!data) return null
  return createPortal(
    <div className="read-only">
      <Notice kind="error">
        {messages.readOnly}
        {administers(session) && ` ${messages.readOnlyReason}`}
      </Notice>
    </div>,
    document.body,
  )
}
