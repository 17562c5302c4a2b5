import { type KeyboardEvent, useRef, useState } from 'react'
import { useWords } from '../i18n/language'
import { Icon } from '../theme/Icon'
import { addDays, addMonths, type Day, mondayOf, partsOf, weeksOf } from './days'
import './calendar.css'

interface Props {
  label: string
  /** The days that are chosen, from the first to the last. */
  first: Day | undefined
  last: Day | undefined
  /** The day that it is for the tenant, whatever the browser's clock says. */
  today: Day
  onPick: (day: Day) => void
}

/**
 * A month to pick days from: a grid with one day in the order of Tab, the arrow keys, Home, End and Page Up and Down move
 * in it. It counts with days of the calendar alone, so that the browser's own time zone has no part in it.
 */
export function Calendar({ label, first, last, today, onPick }: Props) {
  const words = useWords()
  const grid = useRef<HTMLTableElement>(null)
  const [at, setAt] = useState(first ?? today)
  const [known, setKnown] = useState(first)
  if (first !== known) {
    // What was typed or picked elsewhere is turned to.
    setKnown(first)
    if (first && first.slice(0, 7) !== at.slice(0, 7)) setAt(first)
  }
  const { year, month } = partsOf(at)

  function move(event: KeyboardEvent) {
    const next = moved(at, event.key, event.shiftKey)
    if (!next) return
    event.preventDefault()
    event.stopPropagation()
    setAt(next)
    requestAnimationFrame(() => grid.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus())
  }

  return (
    <div className="calendar" role="group" aria-label={label}>
      <div className="calendar-head">
        <button
          type="button"
          className="icon-button"
          aria-label={words.previousMonth}
          title={words.previousMonth}
          onClick={() => setAt(addMonths(at, -1))}
        >
          <Icon name="left" />
        </button>
        <span aria-live="polite">{words.monthTitle(year, month)}</span>
        <button
          type="button"
          className="icon-button"
          aria-label={words.nextMonth}
          title={words.nextMonth}
          onClick={() => setAt(addMonths(at, 1))}
        >
          <Icon name="right" />
        </button>
      </div>
      <table ref={grid} role="grid" aria-label={words.monthTitle(year, month)} aria-multiselectable onKeyDown={move}>
        <thead>
          <tr>
            {[1, 2, 3, 4, 5, 6, 0].map((weekday) => (
              <th key={weekday} scope="col">
                {words.weekday(weekday)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeksOf(at).map((week) => (
            <tr key={week[0]}>
              {week.map((day) => {
                const { weekday, year, month: itsMonth, date } = partsOf(day)
                const chosen = first !== undefined && last !== undefined && day >= first && day <= last
                const name = words.longDayWithYear(weekday, year, itsMonth, date)
                return (
                  <td key={day} role="gridcell" aria-selected={chosen} className={classOf(day, at, first, last)}>
                    <button
                      type="button"
                      tabIndex={day === at ? 0 : -1}
                      aria-label={day === today ? words.todayIs(name) : name}
                      aria-current={day === today ? 'date' : undefined}
                      onClick={() => {
                        setAt(day)
                        onPick(day)
                      }}
                    >
                      {date}
                    </button>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The day that a key leads to. */
function moved(day: Day, key: string, shift: boolean): Day | undefined {
  switch (key) {
    case 'ArrowLeft':
      return addDays(day, -1)
    case 'ArrowRight':
      return addDays(day, 1)
    case 'ArrowUp':
      return addDays(day, -7)
    case 'ArrowDown':
      return addDays(day, 7)
    case 'Home':
      return mondayOf(day)
    case 'End':
      return addDays(mondayOf(day), 6)
    case 'PageUp':
      return addMonths(day, shift ? -12 : -1)
    case 'PageDown':
      return addMonths(day, shift ? 12 : 1)
  }
  return undefined
}

function classOf(day: Day, at: Day, first: Day | undefined, last: Day | undefined): string {
  const classes = ['calendar-day']
  if (day.slice(0, 7) !== at.slice(0, 7)) classes.push('calendar-other')
  if (first && last && day >= first && day <= last) classes.push('calendar-chosen')
  if (day === first || day === last) classes.push('calendar-edge')
  return classes.join(' ')
}
