import { Dropdown } from 'antd'
import { lazy, Suspense } from 'react'
import type { Preset } from '../api/types'
import { Floating } from '../frame/Floating'
import { useWords } from '../i18n/language'
import { Icon } from '../theme/Icon'
import { Segments } from '../theme/Segments'
import { presets } from './filters'

const CustomPeriod = lazy(() => import('./CustomPeriod'))

interface Props {
  range: Preset | undefined
  /** The resolved period, to begin a custom one with. */
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
}

type Choice = Preset | 'custom'
const choices: Choice[] = [...presets, 'custom']

/** The period: a preset moves with the clock, a custom one stands. */
export function PeriodPicker({ range, from, to, zone, folded, open, onOpen, onPreset, onCustom }: Props) {
  const words = useWords()
  const value: Choice = range ?? 'custom'

  function choose(choice: Choice) {
    onOpen(choice === 'custom')
    if (choice !== 'custom') onPreset(choice)
  }

  return (
    <div className="floating-anchor">
      {folded ? (
        <Dropdown
          trigger={['click']}
          menu={{
            selectedKeys: [value],
            items: choices.map((key) => ({ key, label: words.ranges[key], onClick: () => choose(key) })),
          }}
        >
          <button type="button" className="choice-trigger" aria-haspopup="menu" title={words.operationTime}>
            {words.ranges[value]}
            <Icon name="down" />
          </button>
        </Dropdown>
      ) : (
        <Segments
          label={words.operationTime}
          value={value}
          segments={choices.map((key) => ({ value: key, label: words.ranges[key] }))}
          onChange={choose}
        />
      )}
      {open && (
        <Floating label={words.ranges.custom} align={folded ? 'start' : 'end'} onClose={() => onOpen(false)}>
          <Suspense fallback={<div className="custom-period" />}>
            <CustomPeriod
              withApply
              from={from}
              to={to}
              zone={zone}
              onChange={(nextFrom, nextTo) => {
                onOpen(false)
                onCustom(nextFrom, nextTo)
              }}
            />
          </Suspense>
        </Floating>
      )}
    </div>
  )
}
