import { useBackupsMessages } from '../../i18n/backupsMessages'
import { useMessages } from '../../i18n/language'
import { ApiProblem, problemText } from '../../lib/problem'
import { sizeText } from '../../lib/size'
import { exactTime } from '../../lib/time/zone'
import type { BackupFile, Backups } from '../../model/api/types'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { type Column, ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { Notice } from '../../ui/Notice'
import { useBackups, useStartBackup } from './backupQueries'
import { everyText, momentText } from './backupTexts'
import './backups.css'

/** The backups that the server makes by itself, for owners: when one was last proved restorable, which there are, and what is wrong. */
export function BackupsPart({ zone }: { zone: string }) {
  const { backups: messages } = useBackupsMessages()
  const query = useBackups(true)
  const start = useStartBackup()
  const configured = query.data?.dir !== undefined
  return (
    <section className="system-part" aria-labelledby="system-backups">
      <div className="backups-head">
        <h2 id="system-backups">{messages.backups}</h2>
        {configured && (
          <Button pending={start.isPending || query.data?.running !== undefined} onClick={() => start.mutate()}>
            {messages.backUpNow}
          </Button>
        )}
      </div>
      {start.error && <Notice kind="error">{problemText(start.error)}</Notice>}
      <Loaded query={query}>
        {(backups) => (configured ? <BackupsState of={backups} zone={zone} /> : <p>{messages.notSetUp}</p>)}
      </Loaded>
    </section>
  )
}

/** What the server says of its backups. */
export function BackupsState({ of, zone }: { of: Backups; zone: string }) {
  const { backups: messages, gap } = useBackupsMessages()
  const moment = (time: string) => momentText(time, zone, Date.now(), messages)
  const sentences = [
    messages.keptIn(everyText(of.every_seconds, messages), of.keep, of.dir ?? ''),
    ...(of.next_at && !of.running && !of.failure ? [messages.nextAt(moment(of.next_at))] : []),
    ...(of.recipients > 0 ? [messages.encryptedTo(of.recipients)] : []),
    ...(of.files.some((file) => file.relies_on) ? [messages.archiveToo] : []),
  ]
  return (
    <>
      <ProofLine of={of} moment={moment} />
      {of.failure && (
        <Notice kind="error">
          {messages.failed(failureText(of.failure))}
          {of.next_at && gap() + messages.retriedAt(moment(of.next_at))}
        </Notice>
      )}
      {of.running && <Running of={of.running} />}
      {of.files.length > 0 ? <Files files={of.files} zone={zone} /> : <p className="list-empty">{messages.none}</p>}
      <p className="backups-schedule">{sentences.join(gap())}</p>
    </>
  )
}

function ProofLine({ of, moment }: { of: Backups; moment: (time: string) => string }) {
  const { backups: messages } = useBackupsMessages()
  const proved = of.last_proved?.proved_at
  if (of.overdue) return <Notice kind="error">{messages.overdue(proved && moment(proved))}</Notice>
  if (!proved) return <Notice kind="note">{messages.neverProved}</Notice>
  return (
    <p className="backups-proved">
      <Icon name="shield" />
      {messages.provedAt(moment(proved))}
    </p>
  )
}

function Running({ of }: { of: NonNullable<Backups['running']> }) {
  const { backups: messages } = useBackupsMessages()
  const { phases } = messages
  const percent = of.bytes > 0 ? Math.min(100, Math.floor((100 * of.done) / of.bytes)) : 0
  return <Notice kind="note">{of.phase === 'write' ? phases.write(percent) : phases[of.phase]}</Notice>
}

function Files({ files, zone }: { files: BackupFile[]; zone: string }) {
  const { backups: messages } = useBackupsMessages()
  const columns: Column<BackupFile>[] = [
    {
      key: 'backup',
      title: messages.backup,
      cell: (file) => (
        <span className="stack">
          <span>{exactTime(file.made_at, zone)}</span>
          <small className="mono">{file.name}</small>
          {file.relies_on && <ReliesOn of={file.relies_on} />}
        </span>
      ),
    },
    { key: 'size', title: messages.size, width: 104, cell: (file) => <Size of={file} /> },
    { key: 'proof', title: messages.proof, width: 208, cell: (file) => <Proof of={file} /> },
  ]
  return <ListTable label={messages.backups} columns={columns} items={files} keyOf={(file) => file.name} />
}

/** What of the log a backup does not have, since it is in the archive alone. */
function ReliesOn({ of }: { of: NonNullable<BackupFile['relies_on']> }) {
  const { backups: messages } = useBackupsMessages()
  return <small>{messages.reliesOn(of.entries, of.days, of.first, of.last)}</small>
}

function Size({ of }: { of: BackupFile }) {
  const { backups: messages } = useBackupsMessages()
  return (
    <span className="stack">
      <span>{sizeText(of.bytes)}</span>
      {of.encrypted && <small>{messages.encrypted}</small>}
    </span>
  )
}

function Proof({ of }: { of: BackupFile }) {
  const { backups: messages } = useBackupsMessages()
  const { number } = useMessages()
  if (of.failure)
    return (
      <span className="stack">
        <span className="list-bad">{messages.notRestored}</span>
        <small>{failureText(of.failure)}</small>
      </span>
    )
  if (!of.proved_at) return messages.unproved
  return (
    <span className="stack">
      <span className="list-good">{messages.restored}</span>
      <small>{messages.restoredWith(number(of.entries ?? 0))}</small>
    </span>
  )
}

/** Why something failed, in the language of the console. */
function failureText({ error, reason, params }: NonNullable<Backups['failure']>): string {
  return problemText(new ApiProblem(1, { detail: error, ...(reason && { type: reason }), ...(params && { params }) }))
}
