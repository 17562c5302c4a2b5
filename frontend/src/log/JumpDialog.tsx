import { useEffect, useRef, useState } from 'react'
import { Dialog } from '../frame/Dialog'
import { Button } from '../theme/Button'
import '../frame/help.css'
import { useWords } from '../i18n/language'

interface Props {
  /** The day that is offered, as `2026-11-20`. */
  day: string
  onJump: (day: string) => void
  onClose: () => void
}

/** Asks for a day to look at. */
export default function JumpDialog({ day, onJump, onClose }: Props) {
  const words = useWords()
  const [value, setValue] = useState(day)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  // The browser writes the day in its own order: said again, as the log writes it.
  const weekday = new Date(`${value}T00:00:00Z`).getUTCDay()
  return (
    <Dialog title={words.jump} className="jump" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onJump(value)
        }}
      >
        <input
          type="date"
          aria-label={words.day}
          required
          min="2000-01-01"
          max="9999-12-31"
          ref={input}
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
        <Button kind="primary" submit>
          {words.show}
        </Button>
        <p>{value && `${value} ${words.weekday(weekday)}`}</p>
      </form>
    </Dialog>
  )
}
