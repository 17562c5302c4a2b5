import { useState } from 'react'
import { useOptionsMessages } from '../../i18n/optionsMessages'
import { columnTitles } from '../../model/log/filterTexts'
import {
  type Column,
  densities,
  optionalColumns,
  type Preferences,
  widthLimits,
  withWidth,
} from '../../model/log/preferences'
import { Floating } from '../../ui/Floating'
import '../../ui/choices.css'
import './options.css'

interface Props {
  preferences: Preferences
  onPreferences: (next: Preferences) => void
  /** The table is folded: its columns are as they are until it is wide again. */
  folded?: boolean | undefined
}

/** The panel that a table button opens. */
export default function TableOptionsPanel({
  which,
  onClose,
  ...props
}: Props & { which: 'rows' | 'columns'; onClose: () => void }) {
  const messages = useOptionsMessages()
  return (
    <Floating label={which === 'rows' ? messages.density : messages.columns} align="end" onClose={onClose}>
      {which === 'rows' ? <Densities {...props} /> : <Columns {...props} />}
    </Floating>
  )
}

function Densities({ preferences, onPreferences }: Props) {
  const messages = useOptionsMessages()
  return (
    <div className="table-options" role="radiogroup" aria-label={messages.density}>
      {densities.map((density) => (
        <label key={density} className="choice">
          <input
            type="radio"
            name="density"
            checked={preferences.density === density}
            onChange={() => onPreferences({ ...preferences, density })}
          />
          {messages.densities[density]}
        </label>
      ))}
    </div>
  )
}

function Columns({ preferences, onPreferences, folded }: Props) {
  const messages = useOptionsMessages()
  const titles = columnTitles(messages)

  function turn(column: Column) {
    const without = preferences.hidden.filter((one) => one !== column)
    onPreferences({
      ...preferences,
      hidden: without.length < preferences.hidden.length ? without : [...without, column],
    })
  }

  return (
    <fieldset className="table-options" aria-label={messages.columns}>
      {optionalColumns.map((column) => (
        <div key={column} className="column-option">
          <label className="choice">
            <input type="checkbox" checked={!preferences.hidden.includes(column)} onChange={() => turn(column)} />
            {titles[column]}
          </label>
          <WidthField
            label={messages.widthOf(titles[column])}
            width={preferences.widths[column]}
            off={preferences.hidden.includes(column)}
            onWidth={(width) => onPreferences(withWidth(preferences, column, width))}
          />
        </div>
      ))}
      <p>
        {folded ? messages.foldedNote : messages.widthNote}
        <button
          type="button"
          className="text-button"
          disabled={Object.keys(preferences.widths).length === 0}
          onClick={() => onPreferences({ ...preferences, widths: {} })}
        >
          {messages.usualWidths}
        </button>
      </p>
    </fieldset>
  )
}

interface WidthProps {
  label: string
  width: number | undefined
  off: boolean
  onWidth: (width: number | undefined) => void
}

/** The width of a column in pixels, as it is typed or stepped; empty is as drawn. */
function WidthField({ label, width, off, onWidth }: WidthProps) {
  const messages = useOptionsMessages()
  const [text, setText] = useState<string>()

  function change(next: string) {
    const wanted = Number(next)
    setText(next)
    if (next === '') onWidth(undefined)
    else if (wanted >= widthLimits.min && wanted <= widthLimits.max) onWidth(wanted)
  }

  return (
    <input
      type="number"
      aria-label={label}
      placeholder={messages.auto}
      min={widthLimits.min}
      max={widthLimits.max}
      step={8}
      disabled={off}
      value={text ?? width ?? ''}
      onChange={(event) => change(event.target.value)}
      onBlur={() => setText(undefined)}
    />
  )
}
