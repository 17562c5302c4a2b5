import type { Tenant } from '../api/types'
import { useDocumentTitle } from '../frame/documentTitle'
import { TopBar } from '../frame/TopBar'
import { useWords } from '../i18n/language'
import { useTitles } from '../log/catalog'
import { PaperHead } from '../paper/PaperHead'
import { ExportList } from './ExportList'
import { useExports } from './queries'
import '../frame/page.css'
import '../log/log.css'

/** The files that were exported from the log of a tenant. */
export function ExportsPage({ tenant }: { tenant: Tenant }) {
  const words = useWords()
  const titles = useTitles(tenant.id)
  const exports = useExports(tenant.id)
  useDocumentTitle(words.exportsPage)
  return (
    <div className="app app-plain">
      <TopBar tenant={tenant} />
      <main className="main exports-page page-scroll">
        <div className="page-body">
          <PaperHead tenant={tenant} title={words.exportsPage} />
          <h1>{words.exportsPage}</h1>
          <p>{words.exportsText}</p>
          <ExportList tenant={tenant} titles={titles} query={exports} />
        </div>
      </main>
    </div>
  )
}
