import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { daysSpan, inUtcAndZone } from '../../lib/time/utcDays'
import type { Deletion, Hold, Retention, Tenant, Waiting } from '../../model/api/types'
import { useSession } from '../../model/session/session'
import { Button } from '../../ui/Button'
import { type Fact, Facts } from '../../ui/Facts'
import { type Column, ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { RowAction } from '../../ui/RowAction'
import { SectionHead } from '../../ui/SectionHead'
import { shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'
import { AccessRule } from './AccessRule'
import { ArchiveRule } from './ArchiveRule'
import { DaySpan } from './DaySpan'
import { HeldDays } from './HeldDays'
import { HoldDialog, LiftDialog } from './HoldDialogs'
import { RuleDialog } from './RuleDialog'
import { useRetention } from './retentionQueries'
import { AgreeDialog, WaitingPart } from './WaitingPart'
import '../../ui/system.css'

type Asked = 'rule' | 'hold' | Hold | Waiting

/** The retention rule, legal holds and past deletions of a tenant. */
export default function RetentionPage({ tenant }: { tenant: Tenant }) {
  const messages = useAdminMessages().retention
  const owner = useSession().role === 'owner'
  const retention = useRetention(tenant.id)
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)
  const rule = retention.data
  return (
    <>
      <SectionHead title={messages.title} text={messages.text(tenant.time_zone)}>
        {owner && rule && (
          <Button kind="primary" onClick={() => setAsked('rule')}>
            {messages.change}
          </Button>
        )}
      </SectionHead>
      <Loaded query={retention}>
        {(one) => (
          <>
            {one.waiting && (
              <WaitingPart waiting={one.waiting} tenant={tenant} onAgree={owner ? setAsked : undefined} />
            )}
            <Rule rule={one} zone={tenant.time_zone} />
            <section className="system-part">
              <div className="retention-head">
                <h2>{messages.holds}</h2>
                <Button onClick={() => setAsked('hold')}>{messages.addHold}</Button>
              </div>
              <p>{messages.holdsText}</p>
              <Holds holds={one.holds} tenant={tenant} onLift={owner ? setAsked : undefined} />
            </section>
            <section className="system-part">
              <h2>{messages.deletions}</h2>
              <p>{messages.deletionsText}</p>
              <Deletions deletions={one.deletions} zone={tenant.time_zone} />
            </section>
            <ArchiveRule tenant={tenant} mayChange={owner} />
            <AccessRule tenant={tenant} rule={one} mayChange={owner} />
          </>
        )}
      </Loaded>
      {asked === 'rule' && rule && <RuleDialog tenant={tenant} rule={rule} onClose={close} />}
      {asked === 'hold' && <HoldDialog tenant={tenant} onClose={close} />}
      {typeof asked === 'object' && 'clock' in asked && <AgreeDialog tenant={tenant} waiting={asked} onClose={close} />}
      {typeof asked === 'object' && 'id' in asked && <LiftDialog tenant={tenant} hold={asked} onClose={close} />}
    </>
  )
}

function Rule({ rule, zone }: { rule: Retention; zone: string }) {
  const messages = useAdminMessages().retention
  const facts: Fact[] = [
    { label: messages.keptFor, value: rule.retention_days ? messages.days(rule.retention_days) : messages.forever },
  ]
  if (rule.kept_from)
    facts.push({
      label: messages.keptFrom,
      value: (
        <span className="stack">
          <span>
            {rule.kept_day} ({rule.time_zone})
          </span>
          <small>{messages.since(inUtcAndZone(Date.parse(rule.kept_from), rule.time_zone))}</small>
        </span>
      ),
    })
  return (
    <section className="system-part">
      <Facts
        facts={[
          ...facts,
          ...(rule.set_by ? [{ label: messages.setBy, value: messages.who(rule.set_by) }] : []),
          ...(rule.set_at ? [{ label: messages.setAt, value: <Timestamp time={rule.set_at} zone={zone} /> }] : []),
        ]}
      />
      {rule.below_legal_minimum && <p className="retention-note">{messages.isBelow}</p>}
    </section>
  )
}

interface HoldsProps {
  holds: Hold[]
  tenant: Tenant
  onLift: ((hold: Hold) => void) | undefined
}

function Holds({ holds, tenant, onLift }: HoldsProps) {
  const messages = useAdminMessages().retention
  const columns = useHoldColumns(tenant.time_zone, onLift)
  if (holds.length === 0) return <p className="list-empty">{messages.noHolds}</p>
  return (
    <ListTable
      label={messages.holds}
      columns={columns}
      items={[...holds].sort((a, b) => Number(!!a.lifted_at) - Number(!!b.lifted_at))}
      keyOf={(hold) => hold.id}
      faded={(hold) => !!hold.lifted_at}
    />
  )
}

function useHoldColumns(zone: string, onLift: HoldsProps['onLift']): Column<Hold>[] {
  const all = useAdminMessages()
  const messages = all.retention
  return [
    { key: 'reason', title: messages.reason, cell: (hold) => hold.reason },
    { key: 'days', title: messages.what, width: 360, cell: (hold) => <HeldDays hold={hold} /> },
    {
      key: 'set',
      title: messages.placed,
      width: 176,
      cell: (hold) => <ByAndWhen who={hold.set_by} time={hold.set_at} zone={zone} />,
    },
    {
      key: 'state',
      title: messages.state,
      width: 176,
      cell: (hold) =>
        hold.lifted_at ? (
          <span className="stack">
            {messages.lifted}
            <ByAndWhen who={hold.lifted_by ?? ''} time={hold.lifted_at} zone={zone} />
          </span>
        ) : (
          messages.stands
        ),
    },
    {
      key: 'actions',
      title: all.actions,
      actions: true,
      width: 96,
      cell: (hold) =>
        onLift &&
        !hold.lifted_at && <RowAction danger title={messages.lift} of={hold.reason} onClick={() => onLift(hold)} />,
    },
  ]
}

function ByAndWhen({ who, time, zone }: { who: string; time: string; zone: string }) {
  const messages = useAdminMessages().retention
  return (
    <span className="stack">
      <span>{shown(messages.who(who))}</span>
      <small>
        <Timestamp ahead time={time} zone={zone} />
      </small>
    </span>
  )
}

function Deletions({ deletions, zone }: { deletions: Deletion[]; zone: string }) {
  const messages = useAdminMessages().retention
  const { number } = useMessages()
  const columns: Column<Deletion>[] = [
    {
      key: 'at',
      title: messages.when,
      width: 176,
      cell: (deletion) =>
        deletion.finished_at ? (
          <Timestamp time={deletion.at} zone={zone} />
        ) : (
          <span className="stack">
            <Timestamp ahead time={deletion.at} zone={zone} />
            <small>{messages.running}</small>
          </span>
        ),
    },
    {
      key: 'days',
      title: messages.what,
      cell: ({ days }) =>
        days.map(({ from, to }) => (
          <div key={from} className="stack">
            <span>{messages.period(from, to)} (UTC)</span>
            <DaySpan span={daysSpan(from, to, 'UTC')} zone={zone} />
          </div>
        )),
    },
    { key: 'dates', title: messages.dates, width: 160, cell: ({ dates }) => number(dates) },
    { key: 'entries', title: messages.entries, width: 112, cell: ({ entries }) => number(entries) },
    {
      key: 'rule',
      title: messages.rule,
      width: 176,
      cell: ({ retention_days, set_by }) => (
        <span className="stack">
          <span>{messages.days(retention_days)}</span>
          <small>{shown(messages.who(set_by))}</small>
        </span>
      ),
    },
  ]
  if (deletions.length === 0) return <p className="list-empty">{messages.nothing}</p>
  return <ListTable label={messages.deletions} columns={columns} items={deletions} keyOf={(deletion) => deletion.id} />
}
