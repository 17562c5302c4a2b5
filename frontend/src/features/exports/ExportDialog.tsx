import { Link } from 'react-router'
import { useExportsMessages } from '../../i18n/exportsMessages'
import { problemText } from '../../lib/problem'
import type { Tenant } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { activeFilters, type Filters } from '../../model/log/filters'
import { filterPhrase, type NameOf } from '../../model/log/filterTexts'
import { useStale } from '../../model/log/useStale'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { Icon } from '../../ui/Icon'
import { Notice } from '../../ui/Notice'
import { refusalText } from './describe'
import { ExportList } from './ExportList'
import { ExportOptions } from './ExportOptions'
import { StaleNote } from './StaleNote'
import { type ExportForm, useExportForm } from './useExportForm'
import './exports.css'

interface Props {
  tenant: Tenant
  filters: Filters
  titles: Titles
  nameOf: NameOf
  onClose: () => void
}

/** Options of an export with the number of rows; below them the existing exports, running ones with their progress. */
export default function ExportDialog({ tenant, filters, titles, nameOf, onClose }: Props) {
  const messages = useExportsMessages()
  const form = useExportForm(tenant, filters)
  const { start } = form
  const stale = useStale()
  const zone = tenant.time_zone
  const scope = activeFilters(filters)
    .filter((name) => name !== 'period')
    .map((name) => {
      const text = filterPhrase(name, filters, nameOf, form.filtered, zone, messages)
      return name === 'organization' || name === 'notOrganization' ? messages.andBelow(text) : text
    })
  return (
    <Dialog title={messages.exportTitle} className="export-dialog" onClose={onClose}>
      <ExportOptions form={form} zone={zone} scope={messages.listJoin(scope)} />
      {stale && <StaleNote of={stale} zone={zone} />}
      {form.uncounted && (
        <Notice kind="error" action={messages.retry} onAction={form.recount}>
          {messages.notCounted(problemText(form.uncounted))}
        </Notice>
      )}
      {start.error && <Notice kind="error">{messages.exportFailed(refusalText(start.error, messages))}</Notice>}
      <Foot form={form} stale={stale !== undefined} onClose={onClose} />
      <section className="export-past" aria-label={messages.earlierExports}>
        <h3>
          {messages.earlierExports}
          <Link className="link" to={`/t/${encodeURIComponent(tenant.id)}/exports`}>
            {messages.allExports}
          </Link>
        </h3>
        <ExportList tenant={tenant} titles={titles} query={form.exports} limit={4} started={form.started} />
      </section>
    </Dialog>
  )
}

/** What becomes of the file, and the buttons. */
function Foot({ form, stale, onClose }: { form: ExportForm; stale: boolean; onClose: () => void }) {
  const messages = useExportsMessages()
  const { rows } = form
  return (
    <div className="export-foot">
      <p>
        {messages.exportNote[0]}
        <br />
        {form.running ? messages.exportGoesOn : messages.exportNote[1]}
      </p>
      <Button onClick={onClose}>{form.started ? messages.done : messages.cancel}</Button>
      <Button
        kind="primary"
        disabled={stale || rows === undefined}
        pending={form.start.isPending}
        onClick={form.submit}
      >
        <Icon name="download" />
        {rows === undefined ? messages.export : messages.exportRows(rows)}
      </Button>
    </div>
  )
}
