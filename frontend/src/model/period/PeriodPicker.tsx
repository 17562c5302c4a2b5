import { useMessages } from '../../i18n/language'
import { preloadable } from '../../ui/hooks/preload'
import { Icon } from '../../ui/Icon'
import { LazyBoundary } from '../../ui/LazyBoundary'
import { Menu, type MenuItem } from '../../ui/Menu'
import { Segments } from '../../ui/Segments'
import type { Preset } from '../api/types'
import { calendarPresets, presets } from '../log/filters'
import '../../ui/filters.css'
import '../../ui/popup.css'

const PeriodPanel = preloadable(() => import('./PeriodPanel'))

interface Props {
  range: Preset | undefined
  /** The resolved period, the initial value of a custom one. */
  from: string | undefined
  to: string | undefined
  zone: string
  /** One select instead of five buttons. */
  folded: boolean
  /** Whether the two dates of a custom period are open. */
  open: boolean
  onOpen: (open: boolean) => void
  onPreset: (preset: Preset) => void
  onCustom: (from: string, to: string) => void
  /** Opens the choice of a single day, if available. */
  onJump?: () => void
  /** The label of a first choice without a period, if available. */
  any?: { label: string; onChoose: () => void }
}

type Choice = 'any' | Preset | 'custom'

/** Selects the period: presets move with the clock, custom periods are fixed. */
export function PeriodPicker(props: Props) {
  const { range, from, to, zone, folded, open, onOpen, onPreset, onCustom, onJump, any } = props
  const messages = useMessages()
  // Calendar presets are above the dates of a custom period, or in the list of all.
  const named = calendarPresets.find((preset) => preset === range)
  const choices: Choice[] = [...(any ? (['any'] as const) : []), ...presets]
  const value: Choice = range ?? (any && !open && from === undefined && to === undefined ? 'any' : 'custom')
  const segment = named ? 'custom' : value
  const labelOf = (choice: Choice) => (choice === 'any' ? (any?.label ?? '') : messages.ranges[choice])

  function choose(choice: Choice) {
    onOpen(choice === 'custom')
    if (choice === 'any') any?.onChoose()
    else if (choice !== 'custom') onPreset(choice)
  }

  /** All choices, where they are in a menu. */
  function items(): MenuItem[][] {
    const groups = [choices, calendarPresets, ['custom' as const]].map((group) =>
      group.map((key) => ({ key, label: labelOf(key), selected: key === value, onChoose: () => choose(key) })),
    )
    return onJump ? [...groups, [{ key: 'jump', label: messages.jump, onChoose: onJump }]] : groups
  }

  return (
    <div className="floating-anchor">
      {folded ? (
        <Menu label={messages.operationTime} className="choice-trigger" title={messages.operationTime} items={items()}>
          {labelOf(value)}
          <Icon name="down" />
        </Menu>
      ) : (
        <Segments
          label={messages.operationTime}
          value={segment}
          segments={[...choices, 'custom' as const].map((key) => ({
            value: key,
            label: labelOf(key === 'custom' && named ? named : key),
          }))}
          onChange={choose}
        />
      )}
      {open && (
        <LazyBoundary onEscape={() => onOpen(false)}>
          <PeriodPanel
            range={range}
            from={from}
            to={to}
            zone={zone}
            onPreset={onPreset}
            onCustom={onCustom}
            onJump={onJump}
            onClose={() => onOpen(false)}
          />
        </LazyBoundary>
      )}
    </div>
  )
}
