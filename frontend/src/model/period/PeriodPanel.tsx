import { useMessages } from '../../i18n/language'
import { Floating } from '../../ui/Floating'
import type { Preset } from '../api/types'
import { CalendarPresets } from './CalendarPresets'
import CustomPeriod from './CustomPeriod'

interface Props {
  range: Preset | undefined
  from: string | undefined
  to: string | undefined
  zone: string
  onPreset: (preset: Preset) => void
  onCustom: (from: string, to: string) => void
  onJump: (() => void) | undefined
  onClose: () => void
}

/** The dates of a custom period, and what of the calendar has a name. */
export default function PeriodPanel({ range, from, to, zone, onPreset, onCustom, onJump, onClose }: Props) {
  const messages = useMessages()
  return (
    <Floating label={messages.ranges.custom} align="end" onClose={onClose}>
      <CustomPeriod
        withApply
        from={from}
        to={to}
        zone={zone}
        head={
          <CalendarPresets
            range={range}
            onPreset={(preset) => {
              onClose()
              onPreset(preset)
            }}
          />
        }
        onChange={(period) => {
          onClose()
          if (period) onCustom(period.from, period.to)
        }}
        foot={
          onJump && (
            <button
              type="button"
              className="text-button"
              aria-keyshortcuts="g"
              onClick={() => {
                onClose()
                onJump()
              }}
            >
              {messages.jump} {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: it takes no focus */}
              <kbd aria-hidden="true">g</kbd>
            </button>
          )
        }
      />
    </Floating>
  )
}
