import { type ComponentProps, useRef, useState } from 'react'
import { type ChevronProps, DayButton, type DayButtonProps, DayPicker, type DayPickerProps } from 'react-day-picker'
import { flushSync } from 'react-dom'
import { useCalendarMessages } from '../../i18n/calendarMessages'
import { type Day, dayFrom, partsOf } from '../../lib/time/days'
import { Icon } from '../Icon'
import './calendar.css'

interface Props {
  label: string
  /** The days that are chosen, from the first to the last. */
  first: Day | undefined
  last: Day | undefined
  /** Today in the tenant's time zone, not the browser's. */
  today: Day
  onPick: (day: Day) => void
}

/** A month to pick days from, by pointer or keys. */
export function Calendar({ label, first, last, today, onPick }: Props) {
  const messages = useCalendarMessages()
  const frame = useRef<HTMLFieldSetElement>(null)
  const [month, setMonth] = useState(() => dateOf(first ?? today))
  const [known, setKnown] = useState(first)
  if (first !== known) {
    // Turn to the month that was typed or picked elsewhere.
    setKnown(first)
    if (first) setMonth(dateOf(first))
  }
  const chosen = first && last && first <= last ? { from: dateOf(first), to: dateOf(last) } : undefined

  function pick(date: Date) {
    const day = dayOf(date)
    if (date.getMonth() !== month.getMonth()) {
      // Its month is turned to, in which it is another button: that has the focus before anyone sees it lost.
      flushSync(() => setMonth(date))
      frame.current?.querySelector<HTMLElement>(`[data-day="${day}"] button`)?.focus()
    }
    onPick(day)
  }

  return (
    <fieldset ref={frame} className="calendar" aria-label={label}>
      <DayPicker
        mode="range"
        navLayout="around"
        showOutsideDays
        weekStartsOn={1}
        today={dateOf(today)}
        month={month}
        onMonthChange={setMonth}
        selected={chosen}
        onSelect={(_, date) => pick(date)}
        classNames={classNames}
        components={components}
        formatters={{
          formatCaption: (date) => messages.monthTitle(date.getFullYear(), date.getMonth() + 1),
          formatWeekdayName: (date) => messages.weekday(date.getDay()),
        }}
        labels={{
          labelDayButton: (date, modifiers) => {
            const name = messages.longDayWithYear(
              date.getDay(),
              date.getFullYear(),
              date.getMonth() + 1,
              date.getDate(),
            )
            return modifiers.today ? messages.todayIs(name) : name
          },
          labelGrid: (date) => messages.monthTitle(date.getFullYear(), date.getMonth() + 1),
          labelWeekday: (date) => messages.weekday(date.getDay()),
          labelPrevious: () => messages.previousMonth,
          labelNext: () => messages.nextMonth,
        }}
      />
    </fieldset>
  )
}

const classNames: DayPickerProps['classNames'] = {
  month: 'calendar-month',
  month_caption: 'calendar-title',
  button_previous: 'icon-button',
  button_next: 'icon-button',
  outside: 'calendar-other',
  selected: 'calendar-chosen',
  range_start: 'calendar-edge',
  range_end: 'calendar-edge',
}

const components: DayPickerProps['components'] = {
  Chevron: ({ orientation }: ChevronProps) => <Icon name={orientation === 'right' ? 'right' : 'left'} />,
  DayButton: (props: DayButtonProps) => (
    <DayButton {...props} aria-current={props.modifiers.today ? 'date' : undefined} />
  ),
  PreviousMonthButton: TitledButton,
  NextMonthButton: TitledButton,
}

function TitledButton(props: ComponentProps<'button'>) {
  return <button {...props} type="button" title={props['aria-label']} />
}

/** A day as the calendar takes it: the browser's own midnight, of which only the date is read. */
function dateOf(day: Day): Date {
  const { year, month, date } = partsOf(day)
  const at = new Date(2000, 0, 1)
  at.setFullYear(year, month - 1, date)
  return at
}

function dayOf(date: Date): Day {
  return dayFrom(date.getFullYear(), date.getMonth() + 1, date.getDate()) ?? ''
}
