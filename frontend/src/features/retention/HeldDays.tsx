import { useAdminMessages } from '../../i18n/adminMessages'
import type { Day } from '../../lib/time/days'
import { daysSpan, type Span, utcDaysOf } from '../../lib/time/utcDays'
import type { Hold } from '../../model/api/types'
import { DaySpan } from './DaySpan'

/** The period that the chosen days would hold: its start and end, and the UTC days held with it. */
export function DaysToHold({ from, to, zone }: { from: Day | ''; to: Day | ''; zone: string }) {
  const messages = useAdminMessages().retention
  const chosen = daysSpan(from, to, zone)
  const held = utcDaysOf(chosen)
  const wider = held.from !== chosen.from || held.until !== chosen.until
  return (
    <div className="held-days" role="status">
      {(from || to) && (
        <dl>
          {wider && (
            <div>
              <dt>{messages.chosen}</dt>
              <dd className="stack">
                <DaySpan span={chosen} zone={zone} />
              </dd>
            </div>
          )}
          <div>
            <dt>{messages.held}</dt>
            <dd className="stack">
              <DaySpan span={held} zone={zone} />
            </dd>
          </div>
        </dl>
      )}
      {wider && <p className="form-hint">{messages.wider}</p>}
    </div>
  )
}

/** The period of a hold: the chosen days, and the start and end of the UTC days held. */
export function HeldDays({ hold }: { hold: Hold }) {
  const messages = useAdminMessages().retention
  return (
    <span className="stack">
      <span>
        {messages.period(hold.from, hold.to)}
        {(hold.from || hold.to) && ` (${hold.time_zone})`}
      </span>
      {(hold.covers_from || hold.covers_until) && (
        <>
          <small>{messages.heldFor}</small>
          <DaySpan span={spanOf(hold)} zone={hold.time_zone} />
        </>
      )}
    </span>
  )
}

function spanOf({ covers_from, covers_until }: Hold): Span {
  return {
    from: covers_from === undefined ? undefined : Date.parse(covers_from),
    until: covers_until === undefined ? undefined : Date.parse(covers_until),
  }
}
