import { useAdminWords } from '../../i18n/adminWords'
import type { Tenant } from '../../model/api/types'
import { useSession } from '../../model/session/session'
import { SectionHead } from '../../ui/SectionHead'
import { Segments } from '../../ui/Segments'
import { AccessLog } from './AccessLog'
import { useAccessFilters } from './useAccessFilters'

/** Who read, exported and administered the log. */
export default function AccessPage({ tenant }: { tenant: Tenant }) {
  const words = useAdminWords()
  const owner = useSession().role === 'owner'
  const { filters, scope, ignored, set } = useAccessFilters(owner)

  return (
    <>
      <SectionHead title={words.access.title} text={words.access.text}>
        {owner && (
          <Segments
            label={words.access.of}
            value={scope}
            segments={[
              { value: 'tenant', label: words.access.ofTenant },
              { value: 'server', label: words.access.ofServer },
            ]}
            onChange={(scope) => set(filters, scope)}
          />
        )}
      </SectionHead>
      {scope === 'server' && <p className="access-note">{words.access.serverText}</p>}
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
