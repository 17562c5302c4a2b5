import { type KeyboardEvent, useEffect, useEffectEvent, useRef } from 'react'
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
import { Icon } from '../../ui/Icon'
import { Notice } from '../../ui/Notice'
import { Shown } from '../../ui/Shown'
import { FailedMark, TypeTag } from '../../ui/TypeTag'
import { Changes } from './Changes'
import { ContentHistory } from './ContentHistory'
import { SameUser } from './SameUser'
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
  const { tenant, name, position, previous, next, titles, onOpen, onClose, onCopy } = props
  const messages = useEntryMessages()
  const query = useEntry(tenant.id, name)
  const entry = query.data
  const body = useRef<HTMLDivElement>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: another entry begins at its top
  useEffect(() => {
    body.current?.scrollTo({ top: 0 })
  }, [name.id, name.seq])

  // Escape closes it from anywhere, except where it has another meaning.
  const close = useEffectEvent(onClose)
  useEffect(() => {
    const key = (event: globalThis.KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      if (event.target instanceof HTMLElement && event.target.closest('input, dialog, [role=dialog], figure')) return
      close()
    }
    document.addEventListener('keydown', key)
    return () => document.removeEventListener('keydown', key)
  }, [])

  function keyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    // Up and down scroll the entry itself, where it is longer than the drawer and has the focus.
    const scrolls = event.target instanceof Node && body.current?.contains(event.target)
    const sideways = event.target instanceof HTMLElement && event.target.closest('pre, table') !== null
    const forth =
      event.key === 'j' || (event.key === 'ArrowDown' && !scrolls) || (event.key === 'ArrowRight' && !sideways)
    const back = event.key === 'k' || (event.key === 'ArrowUp' && !scrolls) || (event.key === 'ArrowLeft' && !sideways)
    const target = forth ? next : back ? previous : undefined
    if (!target) return
    event.preventDefault()
    onOpen(target)
  }

  return (
    <aside className={props.over ? 'drawer drawer-over' : 'drawer'} aria-label={messages.entry} onKeyDown={keyDown}>
      <PrintHeader tenant={tenant} title={messages.entry} />
      <header>
        {entry && (
          <span className="drawer-what">
            <TypeTag title={titles.operation(entry.operation)} group={titles.group(entry.operation)} />
            {entry.outcome === 'failure' && <FailedMark />}
            <span className="drawer-module cut" title={visibleText(titles.module(entry.module))}>
              <Shown text={titles.module(entry.module)} />
            </span>
          </span>
        )}
        <span className="grow" />
        {position && <span className="drawer-position">{messages.position(position.index, position.total)}</span>}
        {position && (
          <>
            <HeadButton
              label={messages.previousEntry}
              icon="up"
              disabled={!previous}
              onClick={() => previous && onOpen(previous)}
            />
            <HeadButton label={messages.nextEntry} icon="down" disabled={!next} onClick={() => next && onOpen(next)} />
          </>
        )}
        <HeadButton
          label={messages.copyEntryLink}
          icon="link"
          onClick={() => onCopy(window.location.href, messages.linkCopied)}
        />
        <HeadButton label={messages.closeEntry} icon="close" onClick={onClose} />
      </header>
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

interface HeadButtonProps {
  label: string
  icon: 'up' | 'down' | 'link' | 'close'
  disabled?: boolean
  onClick: () => void
}

/** A button that keeps the focus if it becomes disabled, at the end of the list. */
function HeadButton({ label, icon, disabled, onClick }: HeadButtonProps) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      aria-disabled={disabled}
      onClick={disabled ? undefined : onClick}
    >
      <Icon name={icon} />
    </button>
  )
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
          <button
            type="button"
            className="icon-button drawer-copy"
            aria-label={messages.copyContentId}
            title={messages.copyContentId}
            onClick={() => onCopy(entry.content?.id ?? '')}
          >
            <Icon name="copy" small />
          </button>
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
            <button
              type="button"
              className="icon-button drawer-copy"
              aria-label={messages.copyEntryId}
              title={messages.copyEntryId}
              onClick={() => onCopy(entry.id)}
            >
              <Icon name="copy" small />
            </button>
          </dd>
        </div>
      </dl>
    </>
  )
}
