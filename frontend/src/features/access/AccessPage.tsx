import { useAdminMessages } from '../../i18n/adminMessages'
import type { Tenant } from '../../model/api/types'
import { useSession } from '../../model/session/session'
import { SectionHead } from '../../ui/SectionHead'
import { Segments } from '../../ui/Segments'
import { AccessLog } from './AccessLog'
import { useAccessFilters } from './useAccessFilters'

/** Who read, exported and administered the log. */
export default function AccessPage({ tenant }: { tenant: Tenant }) {
  const messages = useAdminMessages()
  const owner = useSession().role === 'owner'
  const { filters, scope, ignored, set } = useAccessFilters(owner)

  return (
    <>
      <SectionHead title={messages.access.title} text={messages.access.text}>
        {owner && (
          <Segments
            label={messages.access.of}
            value={scope}
            segments={[
              { value: 'tenant', label: messages.access.ofTenant },
              { value: 'server', label: messages.access.ofServer },
            ]}
            onChange={(scope) => set(filters, scope)}
          />
        )}
      </SectionHead>
      {scope === 'server' && <p className="access-note">{messages.access.serverText}</p>}
      <AccessLog
        key={scope}
        tenant={tenant}
        scope={scope}
        filters={filters}
        ignored={ignored}
        onFilters={(next, how) => set(next, scope, how)}
      />
    </>
  )
}
