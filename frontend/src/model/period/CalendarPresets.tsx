import { useCalendarMessages } from '../../i18n/calendarMessages'
import type { Preset } from '../api/types'
import { calendarPresets } from '../log/filters'
import './period.css'

interface Props {
  range: Preset | undefined
  onPreset: (preset: Preset) => void
}

/** The periods that follow the calendar, above the two dates of a custom one. */
export function CalendarPresets({ range, onPreset }: Props) {
  const messages = useCalendarMessages()
  return (
    <fieldset className="calendar-presets" aria-label={messages.morePeriods}>
      {calendarPresets.map((preset) => (
        <button key={preset} type="button" aria-pressed={preset === range} onClick={() => onPreset(preset)}>
          {messages.ranges[preset]}
        </button>
      ))}
    </fieldset>
  )
}
