import { useRef, useState } from 'react'
import { useParams } from 'react-router'
import { LogFilters } from '../features/filters/LogFilters'
import { useOpening } from '../features/filters/useOpening'
import { LogHistogram } from '../features/histogram/LogHistogram'
import { LogList } from '../features/list/LogList'
import type { TableHandle } from '../features/list/LogTable'
import { OrganizationPanel } from '../features/organizations/OrganizationPanel'
import { useViewContext } from '../features/views/useViewContext'
import { ViewsMenu } from '../features/views/ViewsMenu'
import { useMessages } from '../i18n/language'
import type { Tenant } from '../model/api/types'
import type { TreeHandle } from '../model/organizations/OrganizationTree'
import { useDocumentTitle } from '../ui/hooks/useDocumentTitle'
import { useKey } from '../ui/hooks/useKey'
import { useNow } from '../ui/hooks/useNow'
import { type LogDialog, LogDialogs } from './LogDialogs'
import { TopBar } from './TopBar'
import { useLogEntry } from './useLogEntry'
import { useLogView } from './useLogView'
import '../ui/log.css'

/** The operation log: its features side by side, sharing the filters in the URL and the entries that match them. */
export function LogPage({ tenant }: { tenant: Tenant }) {
  const messages = useMessages()
  const entryOpen = useParams().entry !== undefined
  const { part, openQuery, ignored, panel, treeFits } = useLogView(tenant, entryOpen)
  const { layout } = part
  const phone = layout.table === 'phone'
  const table = useRef<TableHandle>(null)
  const entry = useLogEntry(tenant, part.log, entryOpen, table)
  const [dialog, setDialog] = useState<LogDialog>()
  const now = useNow()
  useDocumentTitle(messages.operationLog)

  const tree = useRef<TreeHandle>(null)
  const opening = useOpening({
    phone,
    onSheet: (at) => setDialog({ is: 'filters', at }),
    onTree: layout.tree
      ? () => {
          panel.setClosed(false)
          requestAnimationFrame(() => tree.current?.focus())
        }
      : undefined,
  })
  useKey('[', () => panel.setClosed(!panel.closed), treeFits)
  useKey('g', () => setDialog({ is: 'jump' }))
  const views = useViewContext(part, openQuery)

  return (
    <div className={entryOpen && layout.drawer === 'beside' ? 'app with-drawer' : 'app'}>
      <TopBar tenant={tenant} />
      {treeFits && !panel.closed && <OrganizationPanel {...part} tree={tree} panel={panel} />}
      <main className={`main main-${layout.table}`}>
        <h1 className="sr">{messages.operationLog}</h1>
        <LogFilters
          {...part}
          opening={opening}
          onShowTree={treeFits && panel.closed ? () => panel.setClosed(false) : undefined}
          onDialog={(is) => setDialog({ is })}
          views={<ViewsMenu {...views} phone={phone} />}
        />
        <LogHistogram {...part} entryOpen={entryOpen} />
        <LogList
          {...part}
          {...ignored}
          table={table}
          now={now}
          open={entry.name}
          openSeq={entry.seq}
          onOpen={entry.open}
          onChoose={opening.open}
        />
      </main>
      <LogDialogs {...part} entry={entry} dialog={dialog} now={now} onClose={() => setDialog(undefined)} />
    </div>
  )
}
