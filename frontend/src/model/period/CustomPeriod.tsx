import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { useCalendarMessages } from '../../i18n/calendarMessages'
import { dayAt } from '../../lib/time/days'
import { endText, momentText, type Period, type PeriodError, parseMoment, parsePeriod } from '../../lib/time/parse'
import { offsetText } from '../../lib/time/zone'
import { Button } from '../../ui/Button'
import { Calendar } from '../../ui/calendar/Calendar'
import { TypedField } from '../../ui/calendar/TypedField'
import './period.css'

interface Props {
  from: string | undefined
  to: string | undefined
  zone: string
  /** Without it changes apply immediately; undefined means that the input is invalid. */
  withApply?: boolean
  onChange: (period: Period | undefined) => void
  /** Placed above the fields. */
  head?: ReactNode
  /** Placed after the notes. */
  foot?: ReactNode
}

/**
 * A period of whole days or of times in the tenant's zone, typed or picked from a calendar. Input that cannot be read is
 * marked, and nothing is applied.
 */
export default function CustomPeriod(props: Props) {
  const { zone, withApply, head, foot } = props
  const messages = useCalendarMessages()
  const id = useId()
  const { text, trouble, first, last, change, pick, setPicked, showTrouble, submit } = useTypedPeriod(props)
  const field = (name: 'start' | 'end', label: string) => (
    <TypedField
      label={label}
      value={text[name]}
      invalid={trouble !== undefined && (trouble === 'from') === (name === 'start')}
      describedBy={`${id}-note`}
      onChange={(value) => change({ ...text, [name]: value })}
      onFocus={() => setPicked(name)}
      onLeave={showTrouble}
    />
  )
  return (
    <form className="custom-period" noValidate onSubmit={submit}>
      {head}
      <div className="custom-period-fields">
        {field('start', messages.from)}
        {field('end', messages.to)}
      </div>
      <p id={`${id}-note`} className={trouble ? 'custom-period-trouble' : 'sr'} role="alert">
        {trouble && (trouble === 'order' ? messages.endsBefore : messages.notADay)}
      </p>
      <Calendar label={messages.calendar} first={first} last={last} today={dayAt(Date.now(), zone)} onPick={pick} />
      <div className="custom-period-notes">
        <p>{messages.dayNote}</p>
        <p>{messages.zoneNote(zone, offsetText(Date.now(), zone))}</p>
        {foot}
        {withApply && (
          <Button kind="primary" submit>
            {messages.apply}
          </Button>
        )}
      </div>
    </form>
  )
}

/** The start and the end as typed or picked, the days that they name, and why the last input could not be read. */
function useTypedPeriod({ from, to, zone, withApply, onChange }: Props) {
  const given = {
    start: from ? momentText(Date.parse(from), zone) : '',
    end: to ? endText(Date.parse(to), zone) : '',
  }
  const [text, setText] = useState(given)
  const [picked, setPicked] = useState<'start' | 'end'>('start')
  const [trouble, setTrouble] = useState<PeriodError>()
  const [first, last] = [dayOf(text.start, zone), dayOf(text.end, zone)]

  /** The input; an unchanged end keeps its exact value. */
  function read(typed: typeof text): Period | PeriodError {
    const period = parsePeriod(typed.start, typed.end, zone)
    if (typeof period === 'string') return period
    return {
      from: from && typed.start === given.start ? from : period.from,
      to: to && typed.end === given.end ? to : period.to,
    }
  }

  function change(next: typeof text) {
    setText(next)
    const period = read(next)
    if (typeof period !== 'string') setTrouble(undefined)
    if (!withApply) onChange(typeof period === 'string' ? undefined : period)
  }

  function pick(day: string) {
    const isStart = picked === 'start' || (first !== undefined && day < first)
    if (!isStart) change({ ...text, end: day })
    else change({ start: day, end: picked === 'start' || last === undefined || last < day ? day : text.end })
    setPicked(isStart ? 'end' : 'start')
  }

  function showTrouble() {
    const period = read(text)
    if (typeof period === 'string') setTrouble(period)
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    const period = read(text)
    if (typeof period === 'string') setTrouble(period)
    else if (withApply) onChange(period)
  }

  return { text, trouble, first, last, change, pick, setPicked, showTrouble, submit }
}

/** The day that a text names, alone or with a time. */
function dayOf(text: string, zone: string): string | undefined {
  const typed = parseMoment(text, zone)
  return typed && ('day' in typed ? typed.day : dayAt(typed.instant, zone))
}
