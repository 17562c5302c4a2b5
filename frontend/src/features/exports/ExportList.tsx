import { lazy, Suspense, useId, useState } from 'react'
import { Link } from 'react-router'
import { useExportsMessages } from '../../i18n/exportsMessages'
import { urlOf } from '../../lib/basePath'
import { problemText } from '../../lib/problem'
import { sizeText } from '../../lib/size'
import { visibleText } from '../../lib/visible'
import type { Export, Tenant } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { withIds } from '../../model/log/names'
import { useOrganizations } from '../../model/log/queries'
import { Notice } from '../../ui/Notice'
import { Shown } from '../../ui/Shown'
import { exportContent, exportFailure, exportPeriod, madeText, remainingTime } from './describe'
import { bundlePath, filePath, type useExports, useRemoveExport } from './queries'
import { bundleName } from './verify'
import './exports.css'

const DeleteExport = lazy(() => import('./DeleteExport'))
const ExportProof = lazy(() => import('./ExportProof'))

interface Props {
  tenant: Tenant
  titles: Titles
  query: ReturnType<typeof useExports>
  limit?: number
  /** The export started here, which is highlighted. */
  started?: string
}

/** Exports, newest first: content, author, progress; cancel, download or delete. */
export function ExportList({ tenant, titles, query, limit, started }: Props) {
  const messages = useExportsMessages()
  const remove = useRemoveExport(tenant.id)
  const organizations = useOrganizations(tenant.id, tenant.data_permission).data
  const names = withIds(organizations?.map(({ id, name }) => [id, name]) ?? [])
  const organizationName = (id: string) => names.get(id) ?? id
  const list = query.data?.slice(0, limit)
  const error = remove.error ?? query.error

  return (
    <>
      {error && (
        <Notice kind="error" action={messages.retry} onAction={() => query.refetch()}>
          {messages.exportsFailed(problemText(error))}
        </Notice>
      )}
      {list?.length === 0 && (
        <p className="export-note">
          {messages.noExports}
          {limit === undefined && (
            <>
              {messages.gap()}
              <Link className="link" to={`/t/${encodeURIComponent(tenant.id)}/log`}>
                {messages.openLog}
              </Link>
            </>
          )}
        </p>
      )}
      {list && list.length > 0 && (
        <ul className="export-list">
          {list.map((one) => (
            <ExportLine
              key={one.id}
              one={one}
              tenant={tenant}
              what={exportContent(one, titles, organizationName, messages)}
              isNew={one.id === started}
              canDelete={limit === undefined}
              onCancel={() => remove.mutate(one.id)}
            />
          ))}
        </ul>
      )}
    </>
  )
}

interface LineProps {
  one: Export
  tenant: Tenant
  /** The exported entries: the filters as text. */
  what: string
  isNew: boolean
  canDelete: boolean
  onCancel: () => void
}

function ExportLine({ one, tenant, what: holds, isNew, canDelete, onCancel }: LineProps) {
  const messages = useExportsMessages()
  const what = messages.exportLine(holds, exportPeriod(one, tenant.time_zone, messages))
  const made = madeText(one, tenant.time_zone, messages)
  return (
    <li className={isNew ? 'export-new' : undefined}>
      <span className="export-what">
        <span className="cut" title={visibleText(what)}>
          <Shown text={what} />
        </span>
        <small className="cut" title={visibleText(made)}>
          <Shown text={made} />
        </small>
      </span>
      {one.status === 'running' ? (
        <Running one={one} onCancel={onCancel} />
      ) : (
        <Finished one={one} tenant={tenant.id} what={what} canDelete={canDelete} />
      )}
    </li>
  )
}

/** The progress of an export, and what it waits for. */
export function Running({ one, onCancel }: { one: Export; onCancel: () => void }) {
  const messages = useExportsMessages()
  const part = one.rows_total > 0 ? Math.min(1, one.rows_done / one.rows_total) : 0
  return (
    <>
      <span className="export-number">{Math.floor(part * 100)}%</span>
      <span className="export-state">
        <small>
          {messages.rowsOf(one.rows_done, one.rows_total)}
          {one.waiting === 'archive' && ` · ${messages.exportWaits}`}
        </small>
        <progress value={part} max={1} aria-label={messages.exportProgress} />
      </span>
      <span className="export-actions">
        <button type="button" className="link" onClick={onCancel}>
          {messages.cancelExport}
        </button>
      </span>
    </>
  )
}

interface FinishedProps {
  one: Export
  tenant: string
  what: string
  canDelete: boolean
}

/** The result of an export: its file and proof, or why there is none. */
function Finished({ one, tenant, what, canDelete }: FinishedProps) {
  const messages = useExportsMessages()
  const failure = exportFailure(one)
  const [proof, setProof] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const proofId = useId()
  const done = one.status === 'done'
  return (
    <>
      <span className="export-number">{done ? messages.rows(one.rows_total) : messages.exportStatus[one.status]}</span>
      <small className="export-state" title={failure}>
        {done ? messages.kept(sizeText(one.size), remainingTime(one, Date.now(), messages)) : failure}
      </small>
      <span className="export-actions">
        {done && (
          <button
            type="button"
            className="link"
            aria-label={visibleText(messages.verifyOf(what))}
            aria-expanded={proof}
            aria-controls={proof ? proofId : undefined}
            onClick={() => setProof(!proof)}
          >
            {messages.verify}
          </button>
        )}
        {done && <Downloads one={one} tenant={tenant} />}
        {canDelete && (
          <button type="button" className="link link-danger" onClick={() => setDeleting(true)}>
            {messages.delete}
          </button>
        )}
        {deleting && (
          <Suspense fallback={null}>
            <DeleteExport tenant={tenant} id={one.id} what={what} onClose={() => setDeleting(false)} />
          </Suspense>
        )}
      </span>
      {proof && (
        <div id={proofId} className="export-proof-row">
          <Suspense fallback={null}>
            <ExportProof tenant={tenant} one={one} />
          </Suspense>
        </div>
      )}
    </>
  )
}

/** The file alone, and as a ZIP with what proves it. */
function Downloads({ one, tenant }: { one: Export; tenant: string }) {
  const messages = useExportsMessages()
  return (
    <>
      <a className="link" href={urlOf(filePath(tenant, one.id))} download={one.file_name}>
        {messages.fileAlone}
      </a>
      <a
        className="link"
        href={urlOf(bundlePath(tenant, one.id))}
        download={bundleName(one.file_name)}
        title={messages.downloadHint}
      >
        {messages.download}
      </a>
    </>
  )
}
