import { useMemo, useState } from 'react'
import { problemText } from '../api/http'
import type { Entry, Tenant } from '../api/types'
import { useWords } from '../i18n/language'
import { useTitles } from '../log/catalog'
import { Notice } from '../log/Notice'
import { useNames } from '../log/names'
import { useOrganizations } from '../log/queries'
import { useSession } from '../session/session'
import { Segments } from '../theme/Segments'
import { AccessDialog } from './AccessDialog'
import { AccessTable } from './AccessTable'
import { useAccess } from './accessQueries'
import type { DeedContext } from './deeds'
import { SectionHead } from './SectionHead'
import { useAdminWords } from './words'
import '../log/table.css'
import './access.css'

type Scope = 'tenant' | 'server'

/** Who read, exported and administered the log. */
export default function AccessPage({ tenant }: { tenant: Tenant }) {
  const common = useWords()
  const words = useAdminWords()
  const owner = useSession().role === 'owner'
  const [scope, setScope] = useState<Scope>('tenant')
  const [opened, setOpened] = useState<Entry>()
  const access = useAccess(scope === 'tenant' ? tenant.id : undefined)
  const entries = useMemo(() => access.data?.pages.flatMap((page) => page.entries) ?? [], [access.data])
  const organizations = useOrganizations(tenant.id, tenant.data_permission)
  const titles = useTitles(tenant.id)
  const nameOf = useNames([], undefined, organizations.data, titles)
  const context: DeedContext = { words, common, zone: tenant.time_zone, nameOf }

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
            onChange={setScope}
          />
        )}
      </SectionHead>
      {scope === 'server' && <p className="access-note">{words.access.serverText}</p>}
      {access.error && (
        <Notice
          kind="error"
          action={common.retry}
          onAction={() => (access.data ? access.fetchNextPage() : access.refetch())}
        >
          {words.failed(problemText(access.error))}
        </Notice>
      )}
      {access.isPending && (
        <p className="loading-late" role="status">
          {words.loading}
        </p>
      )}
      {access.data && entries.length > 0 && (
        <AccessTable
          key={scope}
          entries={entries}
          context={context}
          hasMore={access.hasNextPage && !access.error}
          onMore={() => !access.isFetching && access.fetchNextPage()}
          onOpen={setOpened}
        />
      )}
      {access.data && !access.hasNextPage && (
        <p className="access-end">{entries.length > 0 ? words.access.end(entries.length) : words.access.none}</p>
      )}
      {access.isFetchingNextPage && <p className="access-end">{common.loadingMore}</p>}
      {opened && (
        <AccessDialog
          tenant={tenant}
          entry={opened}
          proven={scope === 'tenant'}
          context={context}
          onClose={() => setOpened(undefined)}
        />
      )}
    </>
  )
}
