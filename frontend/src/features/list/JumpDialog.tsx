import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { useCalendarMessages } from '../../i18n/calendarMessages'
import { type Day, dayAt } from '../../lib/time/days'
import { parseMoment } from '../../lib/time/parse'
import type { Summary } from '../../model/api/types'
import type { Filters } from '../../model/log/filters'
import { Button } from '../../ui/Button'
import { Calendar } from '../../ui/calendar/Calendar'
import { TypedField } from '../../ui/calendar/TypedField'
import { Dialog } from '../../ui/Dialog'
import { withDay } from './jump'
import './jump.css'

interface Props {
  filters: Filters
  /** The whole period; undefined until it is read. */
  frame: Summary | undefined
  zone: string
  now: number
  onFilters: (next: Filters) => void
  onClose: () => void
}

/** Asks for a day to look at. */
export default function JumpDialog({ filters, frame, zone, now, onFilters, onClose }: Props) {
  const messages = useCalendarMessages()
  const id = useId()
  const [text, setText] = useState<string>(() =>
    dayAt(filters.to ? Math.min(Date.parse(filters.to) - 1, now) : now, zone),
  )
  const [wrong, setWrong] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const typed = parseMoment(text, zone)
  const chosen = typed && ('day' in typed ? typed.day : dayAt(typed.instant, zone))

  function jump(day: Day) {
    onClose()
    onFilters(withDay(filters, day, zone, frame))
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    if (chosen) jump(chosen)
    else setWrong(true)
  }

  return (
    <Dialog title={messages.jump} className="jump" onClose={onClose}>
      <form noValidate onSubmit={submit}>
        <TypedField
          label={messages.day}
          input={input}
          value={text}
          invalid={wrong && !chosen}
          describedBy={id}
          onChange={setText}
          onLeave={() => setWrong(true)}
        />
        <Button kind="primary" submit>
          {messages.show}
        </Button>
        <p id={id} role="alert" className={wrong && !chosen ? undefined : 'sr'}>
          {wrong && !chosen && messages.notADay}
        </p>
        <Calendar
          label={messages.calendar}
          first={chosen}
          last={chosen}
          today={dayAt(Date.now(), zone)}
          onPick={jump}
        />
      </form>
    </Dialog>
  )
}
