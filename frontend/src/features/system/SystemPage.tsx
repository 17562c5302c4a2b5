import { useMessages } from '../../i18n/language'
import { urlOf } from '../../lib/basePath'
import { sizeText } from '../../lib/size'
import { inUtcAndZone } from '../../lib/time/utcDays'
import type { SystemStatus, Tenant, Waiting } from '../../model/api/types'
import { useVerifierKey } from '../../model/entry/verifierKey'
import { useSession } from '../../model/session/session'
import { Icon } from '../../ui/Icon'
import '../../ui/button.css'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useStorageMessages } from '../../i18n/storageMessages'
import { useArchive, useTenantArchive } from '../../model/settings/archive'
import { Facts } from '../../ui/Facts'
import { useDelayed } from '../../ui/hooks/useDelayed'
import { Loaded } from '../../ui/Loaded'
import { SectionHead } from '../../ui/SectionHead'
import { Timestamp } from '../../ui/Timestamp'
import { ArchivePart, TenantArchivePart } from './ArchivePart'
import { BackupsPart } from './BackupsPart'
import { useBackups } from './backupQueries'
import { CheckpointPart } from './CheckpointPart'
import { ChecksPart } from './ChecksPart'
import { useChecks } from './checkQueries'
import { NodesPart } from './NodesPart'
import { useNodes } from './nodeQueries'
import { useCheckpoint, useStatus, useSystem } from './systemQueries'
import { WitnessFacts } from './WitnessFacts'
import '../../ui/form/form.css'
import '../../ui/system.css'

/** The size of the log, the checkpoint to keep elsewhere, and for owners the server. */
export default function SystemPage({ tenant }: { tenant: Tenant }) {
  const { system: messages, loading } = useAdminMessages()
  const { number } = useMessages()
  const owner = useSession().role === 'owner'
  const status = useStatus(tenant.id)
  const zone = tenant.time_zone
  const pending = usePending(tenant.id, owner)
  const moment = (time: string | undefined, none: string) => (time ? <Timestamp time={time} zone={zone} /> : none)
  if (pending)
    return (
      <>
        <SectionHead title={messages.title} text={messages.text} />
        <p className="loading-late" role="status">
          {loading}
        </p>
      </>
    )
  return (
    <>
      <SectionHead title={messages.title} text={messages.text} />
      {owner && <ChecksPart zone={zone} />}
      {owner && <NodesPart zone={zone} />}
      {owner ? <ArchivePart zone={zone} /> : <TenantArchivePart tenant={tenant} />}
      <section className="system-part">
        <h2>{messages.log}</h2>
        <Loaded query={status}>
          {(one) => (
            <Facts
              facts={[
                { label: messages.entries, value: number(one.entries) },
                { label: messages.recorded, value: number(one.recorded) },
                { label: messages.skipped, value: number(one.skipped) },
                { label: messages.oldest, value: moment(one.oldest, messages.none) },
                { label: messages.newest, value: moment(one.newest, messages.none) },
                {
                  label: messages.index,
                  value: one.index.ready ? messages.ready : messages.behind(one.index.detail ?? ''),
                },
                { label: messages.version, value: one.version },
              ]}
            />
          )}
        </Loaded>
      </section>
      <CheckpointPart tenant={tenant} />
      {owner && <BackupsPart zone={zone} />}
      {owner && <ServerPart zone={zone} />}
    </>
  )
}

// All parts are shown at once, so that nothing moves as they load, but for the archive: a server of it that is away may take 3 s.
function usePending(tenant: string, owner: boolean): boolean {
  const parts = [
    useStatus(tenant),
    useCheckpoint(tenant),
    useVerifierKey(),
    useSystem(owner),
    useBackups(owner),
    useChecks(owner),
    useNodes(owner),
  ]
  const archives = [useArchive(owner), useTenantArchive(tenant, !owner)]
  const asking = archives.some((one) => one.isLoading)
  const late = useDelayed(asking, 500)
  return parts.some((one) => one.isLoading) || (asking && !late)
}

function ServerPart({ zone }: { zone: string }) {
  const messages = useAdminMessages().system
  const { number } = useMessages()
  const texts = useStorageMessages()
  const system = useSystem(true)
  return (
    <section className="system-part">
      <h2>{messages.server}</h2>
      <Loaded query={system}>
        {(one) => (
          <Facts
            facts={[
              { label: messages.tenants, value: number(one.tenants) },
              { label: messages.allRecorded, value: number(one.recorded) },
              { label: texts.store, value: sizeText(one.store_bytes) },
              { label: texts.indexBytes, value: sizeText(one.index_bytes) },
              ...(one.free_bytes === undefined ? [] : [{ label: texts.free, value: <FreeSpace of={one} /> }]),
              ...(one.damage
                ? [{ label: messages.damage, value: <span className="system-failure">{one.damage}</span> }]
                : []),
              ...(one.read_only
                ? [{ label: messages.readOnly, value: <span className="system-failure">{one.read_only}</span> }]
                : []),
              ...(one.retention_waiting ?? []).map((waiting) => ({
                label: messages.retentionWaits,
                value: <WaitingFact waiting={waiting} zone={zone} />,
              })),
              {
                label: messages.index,
                value: one.index.ready ? messages.ready : messages.behind(one.index.detail ?? ''),
              },
              { label: messages.started, value: <Timestamp time={one.started_at} zone={zone} /> },
              {
                label: messages.lastBackup,
                value: one.last_backup_at ? <Timestamp time={one.last_backup_at} zone={zone} /> : messages.never,
              },
              { label: messages.scrub, value: <Scrub of={one.scrub} zone={zone} /> },
              { label: messages.anchor, value: <Anchor of={one.anchor} zone={zone} /> },
              { label: messages.witnesses, value: <WitnessFacts witnesses={one.witnesses} zone={zone} /> },
              {
                label: messages.commit,
                value: <span className="mono">{one.commit?.slice(0, 12) ?? messages.none}</span>,
              },
              { label: messages.go, value: one.go },
            ]}
          />
        )}
      </Loaded>
      <div className="system-backup">
        <a className="button button-middle" href={urlOf('/api/v1/backup')} download="">
          <Icon name="download" />
          {messages.backup}
        </a>
        <p>{messages.backupText}</p>
      </div>
    </section>
  )
}

/** The free disk space, and how much of it only recording may use. */
function FreeSpace({ of }: { of: SystemStatus }) {
  const messages = useStorageMessages()
  const { free_bytes: free = 0, reserve_bytes: reserve = 0 } = of
  if (free < reserve) return <span className="system-failure">{messages.reserveOnly(sizeText(free))}</span>
  return messages.freeText(sizeText(free), sizeText(reserve))
}

/** A deletion that waits for an owner; a tenant's retention page has the button, for the installation's access log that of any tenant. */
function WaitingFact({ waiting, zone }: { waiting: Waiting; zone: string }) {
  const messages = useAdminMessages().retention
  const { number } = useMessages()
  const moment = (time: string) => inUtcAndZone(Date.parse(time), zone)
  return (
    <span className="stack system-failure">
      <span>
        {messages.wouldGo(
          waiting.tenant
            ? `${waiting.tenant} · ${waiting.access ? messages.ofAccess : messages.ofLog}`
            : messages.ofInstallation,
          number(waiting.entries),
          number(waiting.dates),
        )}
      </span>
      <span>
        {waiting.reason === 'clock'
          ? messages.waitsClock(moment(waiting.clock), moment(waiting.known))
          : messages.waitsAmount(
              number(waiting.entries),
              number(waiting.dates),
              number(waiting.last_entries ?? 0),
              number(waiting.last_dates ?? 0),
            )}
      </span>
    </span>
  )
}

/** The folder for checkpoints, and its state. */
function Anchor({ of, zone }: { of: SystemStatus['anchor']; zone: string }) {
  const messages = useAdminMessages().system
  if (!of) return messages.noAnchor
  if (of.failure) return <span className="system-failure">{messages.anchorFails(of.failure)}</span>
  return (
    <>
      <div className="mono">{of.dir}</div>
      {of.kept_at && <Timestamp time={of.kept_at} zone={zone} />}
    </>
  )
}

/** When all of the store was last checked, how far the check in progress has come, and what was found. */
function Scrub({ of, zone }: { of: SystemStatus['scrub']; zone: string }) {
  const messages = useAdminMessages().system
  const checked = messages.scrubbed(of.pages, of.entries)
  return (
    <>
      {of.damage && <div className="system-failure">{messages.scrubFound(of.damage)}</div>}
      {of.last_whole_at ? <Timestamp time={of.last_whole_at} zone={zone} /> : messages.never}
      {of.began_at && <div>{messages.scrubbing(checked)}</div>}
      {!of.began_at && of.last_whole_at && <div>{checked}</div>}
      {of.every_seconds === 0 && <div>{messages.noScrub}</div>}
    </>
  )
}
