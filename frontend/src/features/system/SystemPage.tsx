import { useWords } from '../../i18n/language'
import { urlOf } from '../../lib/basePath'
import { sizeText } from '../../lib/size'
import type { SystemStatus, Tenant } from '../../model/api/types'
import { useVerifierKey } from '../../model/log/queries'
import { useSession } from '../../model/session/session'
import { Icon } from '../../ui/Icon'
import '../../ui/button.css'
import { useAdminWords } from '../../i18n/adminWords'
import { Facts } from '../../ui/Facts'
import { Loaded } from '../../ui/Loaded'
import { SectionHead } from '../../ui/SectionHead'
import { Timestamp } from '../../ui/Timestamp'
import { CheckpointPart } from './CheckpointPart'
import { useCheckpoint, useStatus, useSystem } from './systemQueries'
import { WitnessFacts } from './WitnessFacts'
import '../../ui/form/form.css'
import '../../ui/system.css'

/** The size of the log, the checkpoint to keep elsewhere, and for owners the server. */
export default function SystemPage({ tenant }: { tenant: Tenant }) {
  const { system: words, loading } = useAdminWords()
  const { number } = useWords()
  const owner = useSession().role === 'owner'
  const status = useStatus(tenant.id)
  const zone = tenant.time_zone
  // Shown all at once, so that nothing moves as parts load.
  const pending = [status, useCheckpoint(tenant.id), useVerifierKey(), useSystem(owner)].some((one) => one.isLoading)
  const moment = (time: string | undefined, none: string) => (time ? <Timestamp time={time} zone={zone} /> : none)
  if (pending)
    return (
      <>
        <SectionHead title={words.title} text={words.text} />
        <p className="loading-late" role="status">
          {loading}
        </p>
      </>
    )
  return (
    <>
      <SectionHead title={words.title} text={words.text} />
      <section className="system-part">
        <h2>{words.log}</h2>
        <Loaded query={status}>
          {(one) => (
            <Facts
              facts={[
                { label: words.entries, value: number(one.entries) },
                { label: words.recorded, value: number(one.recorded) },
                { label: words.skipped, value: number(one.skipped) },
                { label: words.oldest, value: moment(one.oldest, words.none) },
                { label: words.newest, value: moment(one.newest, words.none) },
                { label: words.index, value: one.index.ready ? words.ready : words.behind(one.index.detail ?? '') },
                { label: words.version, value: one.version },
              ]}
            />
          )}
        </Loaded>
      </section>
      <CheckpointPart tenant={tenant} />
      {owner && <ServerPart zone={zone} />}
    </>
  )
}

function ServerPart({ zone }: { zone: string }) {
  const words = useAdminWords().system
  const { number } = useWords()
  const system = useSystem(true)
  return (
    <section className="system-part">
      <h2>{words.server}</h2>
      <Loaded query={system}>
        {(one) => (
          <Facts
            facts={[
              { label: words.tenants, value: number(one.tenants) },
              { label: words.allRecorded, value: number(one.recorded) },
              { label: words.store, value: sizeText(one.store_bytes) },
              { label: words.indexBytes, value: sizeText(one.index_bytes) },
              ...(one.damage
                ? [{ label: words.damage, value: <span className="system-failure">{one.damage}</span> }]
                : []),
              { label: words.index, value: one.index.ready ? words.ready : words.behind(one.index.detail ?? '') },
              { label: words.started, value: <Timestamp time={one.started_at} zone={zone} /> },
              {
                label: words.lastBackup,
                value: one.last_backup_at ? <Timestamp time={one.last_backup_at} zone={zone} /> : words.never,
              },
              { label: words.anchor, value: <Anchor of={one.anchor} zone={zone} /> },
              { label: words.witnesses, value: <WitnessFacts witnesses={one.witnesses} zone={zone} /> },
              { label: words.commit, value: <span className="mono">{one.commit?.slice(0, 12) ?? words.none}</span> },
              { label: words.go, value: one.go },
            ]}
          />
        )}
      </Loaded>
      <div className="system-backup">
        <a className="button button-middle" href={urlOf('/api/v1/backup')} download="">
          <Icon name="download" />
          {words.backup}
        </a>
        <p>{words.backupText}</p>
      </div>
    </section>
  )
}

/** The folder for checkpoints, and its state. */
function Anchor({ of, zone }: { of: SystemStatus['anchor']; zone: string }) {
  const words = useAdminWords().system
  if (!of) return words.noAnchor
  if (of.failure) return <span className="system-failure">{words.anchorFails(of.failure)}</span>
  return (
    <>
      <div className="mono">{of.dir}</div>
      {of.kept_at && <Timestamp time={of.kept_at} zone={zone} />}
    </>
  )
}
