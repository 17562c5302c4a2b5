import { useEffect } from 'react'
import { ExportList } from '../features/exports/ExportList'
import { useExports } from '../features/exports/queries'
import { useExportsMessages } from '../i18n/exportsMessages'
import type { Tenant } from '../model/api/types'
import { useTitles } from '../model/log/catalog'
import { PrintHeader } from '../model/print/PrintHeader'
import { preloadParts } from '../ui/hooks/preload'
import { useDocumentTitle } from '../ui/hooks/useDocumentTitle'
import { TopBar } from './TopBar'
import '../ui/page.css'
import '../ui/log.css'

/** The files exported from a tenant's log. */
export function ExportsPage({ tenant }: { tenant: Tenant }) {
  const messages = useExportsMessages()
  const titles = useTitles(tenant.id)
  const exports = useExports(tenant.id)
  useDocumentTitle(messages.exportsPage)
  useEffect(preloadParts, [])
  return (
    <div className="app app-plain">
      <TopBar tenant={tenant} />
      <main className="main exports-page page-scroll">
        <div className="page-body">
          <PrintHeader tenant={tenant} title={messages.exportsPage} />
          <h1>{messages.exportsPage}</h1>
          <p>{messages.exportsText}</p>
          <ExportList tenant={tenant} titles={titles} query={exports} />
        </div>
      </main>
    </div>
  )
}
