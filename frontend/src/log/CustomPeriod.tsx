import { lazy, type ReactNode, Suspense, useState } from 'react'
import { Mishap } from '../frame/Mishap'
import { useViewport } from '../frame/viewport'
import { useWords } from '../i18n/language'
import { Button } from '../theme/Button'
import { exactTime, instantOf, offsetText } from '../time/zone'
import './period.css'

const DeskPeriod = lazy(() => import('./DeskPeriod'))

export interface PeriodProps {
  from: string | undefined
  to: string | undefined
  zone: string
  /** Without it a change counts at once. */
  withApply?: boolean
  onChange: (from: string, to: string) => void
  /** Stands at the end of the note, where there is room for it. */
  foot?: ReactNode
}

/** Two dates with times, in the tenant's zone; on a phone, its own two fields for them. */
export function CustomPeriod(props: PeriodProps) {
  if (useViewport() < 768) return <PhonePeriod {...props} />
  return (
    <Mishap part where="period">
      <Suspense fallback={<div className="custom-period" />}>
        <DeskPeriod {...props} />
      </Suspense>
    </Mishap>
  )
}

function PhonePeriod({ from, to, zone, withApply, onChange }: PeriodProps) {
  const words = useWords()
  const text = (iso: string | undefined) => (iso ? exactTime(iso, zone).slice(0, 16).replace(' ', 'T') : '')
  const [start, setStart] = useState(text(from))
  const [end, setEnd] = useState(text(to))

  function send(start: string, end: string) {
    if (start && end) onChange(instantOfField(start, zone), instantOfField(end, zone))
  }

  return (
    <div className="custom-period custom-period-phone">
      <label>
        {words.from}
        <input
          type="datetime-local"
          value={start}
          onChange={(event) => {
            setStart(event.target.value)
            if (!withApply) send(event.target.value, end)
          }}
        />
      </label>
      <label>
        {words.to}
        <input
          type="datetime-local"
          value={end}
          onChange={(event) => {
            setEnd(event.target.value)
            if (!withApply) send(start, event.target.value)
          }}
        />
      </label>
      <p>{words.zoneNote(zone, offsetText(Date.now(), zone))}</p>
      {withApply && (
        <Button kind="primary" block disabled={!start || !end} onClick={() => send(start, end)}>
          {words.apply}
        </Button>
      )}
    </div>
  )
}

/** The instant of a field's `2026-11-20T16:41`, in the tenant's zone. */
function instantOfField(value: string, zone: string): string {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = value.split(/[-T:]/).map(Number)
  return new Date(instantOf({ year, month, day, hour, minute, second: 0 }, zone)).toISOString()
}
