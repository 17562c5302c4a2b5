import { useEffect, useRef } from 'react'
import { type EntryMessages, useEntryMessages } from '../../i18n/entryMessages'
import { ApiProblem, isProblem, problemText } from '../../lib/problem'
import { visibleText } from '../../lib/visible'
import { prettyJson } from '../../model/api/recordedJson'
import type { Entry, Organization, ProvenEntry, Tenant } from '../../model/api/types'
import { EntryFacts } from '../../model/entry/EntryFacts'
import { ProofLine } from '../../model/entry/ProofLine'
import type { Titles } from '../../model/log/catalog'
import { type EntryName, noId, noSeq } from '../../model/log/entryAddress'
import type { Filters } from '../../model/log/filters'
import { useEntry } from '../../model/log/queries'
import { PrintHeader } from '../../model/print/PrintHeader'
import { useKeyNames } from '../../model/settings/keyNames'
import { IconButton } from '../../ui/IconButton'
import { Notice } from '../../ui/Notice'
import { Shown } from '../../ui/Shown'
import { Changes } from './Changes'
import { ContentHistory } from './ContentHistory'
import { DrawerHead } from './DrawerHead'
import { SameUser } from './SameUser'
import { useDrawerKeys } from './useDrawerKeys'
import '../../model/entry/drawer.css'
import './print.css'

interface Props {
  tenant: Tenant
  name: EntryName
  over: boolean
  /** The entry's position in the list; undefined if it was opened by link and is not in the list. */
  position: { index: number; total: number } | undefined
  previous: Entry | undefined
  next: Entry | undefined
  filters: Filters
  titles: Titles
  organizations: Organization[] | undefined
  onOpen: (entry: Entry) => void
  onClose: () => void
  onCopy: (text: string, said?: string) => void
}

/** One entry with all its details, beside the list, which stays usable. */
export default function EntryDrawer(props: Props) {
  const { tenant, name } = props
  const messages = useEntryMessages()
  const query = useEntry(tenant.id, name)
  const entry = query.data
  const body = useRef<HTMLDivElement>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: another entry begins at its top
  useEffect(() => {
    body.current?.scrollTo({ top: 0 })
  }, [name.id, name.seq])

  const keyDown = useDrawerKeys(body, props)
  return (
    <aside className={props.over ? 'drawer drawer-over' : 'drawer'} aria-label={messages.entry} onKeyDown={keyDown}>
      <PrintHeader tenant={tenant} title={messages.entry} />
      <DrawerHead {...props} entry={entry} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too */}
      <div ref={body} className="drawer-body" tabIndex={0}>
        {query.error && !entry && <Missing name={name} error={query.error} onRetry={() => query.refetch()} />}
        {entry && <EntryBody {...props} entry={entry} />}
      </div>
    </aside>
  )
}

/** Why there is no entry to show: it does not exist, was deleted, or could not be read. */
function Missing({ name, error, onRetry }: { name: EntryName; error: unknown; onRetry: () => void }) {
  const messages = useEntryMessages()
  if (isProblem(error, 404) || isProblem(error, 422)) return <Notice kind="note">{noEntryText(name, messages)}</Notice>
  if (error instanceof ApiProblem && error.status === 410)
    return <Notice kind="note">{messages.deletedEntry(String(error.values['path.id'] ?? ''))}</Notice>
  return (
    <Notice kind="error" action={messages.retry} onAction={onRetry}>
      {messages.entryFailed(problemText(error))}
    </Notice>
  )
}

/** Which part of the name is wrong, as far as it can be known. */
function noEntryText({ id, seq }: EntryName, messages: EntryMessages): string {
  if (seq === undefined) return messages.noSuchEntry
  if (seq === noSeq) return messages.noSeq
  return id === noId ? messages.noEntryWithSeq(seq) : messages.noEntryOfIdWithSeq(visibleText(id), seq)
}

function EntryBody({ entry, tenant, filters, titles, organizations, onOpen, onCopy }: Props & { entry: ProvenEntry }) {
  const messages = useEntryMessages()
  const changes = entry.changes ?? []
  const details = entry.details && prettyJson(entry.details)
  const keyNames = useKeyNames(tenant.id, entry.key !== undefined)
  const keyName = entry.key && keyNames.get(entry.key)
  return (
    <>
      <h2>
        <Shown text={entry.content?.name || entry.content?.id || messages.noContent} />
      </h2>
      {entry.content?.id && (
        <div className="drawer-id">
          <span className="mono">
            <Shown text={entry.content.id} />
          </span>
          <CopyButton label={messages.copyContentId} text={entry.content.id} onCopy={onCopy} />
        </div>
      )}
      <ProofLine entry={entry} tenant={tenant.id} zone={tenant.time_zone} onCopy={onCopy} />
      <EntryFacts entry={entry} zone={tenant.time_zone} organizations={organizations} keyName={keyName} />
      {changes.length > 0 && (
        <>
          <h3>{messages.changes(changes.length)}</h3>
          <Changes key={entry.seq} changes={changes} />
        </>
      )}
      {details && details !== '{}' && (
        <>
          <h3>{messages.details}</h3>
          <pre className="drawer-details">
            <Shown text={details} />
          </pre>
        </>
      )}
      <ContentHistory entry={entry} tenant={tenant} titles={titles} onOpen={onOpen} />
      <SameUser entry={entry} tenant={tenant} filters={filters} />
      <dl className="facts">
        <div className="facts-wide">
          <dt>{messages.entryId}</dt>
          <dd className="drawer-id">
            <span className="mono">{entry.id}</span>
            <CopyButton label={messages.copyEntryId} text={entry.id} onCopy={onCopy} />
          </dd>
        </div>
      </dl>
    </>
  )
}

function CopyButton({ label, text, onCopy }: { label: string; text: string; onCopy: Props['onCopy'] }) {
  return <IconButton small className="icon-button drawer-copy" label={label} icon="copy" onClick={() => onCopy(text)} />
}
