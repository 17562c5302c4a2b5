import { useState } from 'react'
import { useWords } from '../../i18n/language'
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
import { Icon } from '../../ui/Icon'
import '../../ui/choices.css'
import './options.css'

interface Props {
  preferences: Preferences
  onPreferences: (next: Preferences) => void
  /** The table is folded: its columns are as they are until it is wide again. */
  folded?: boolean
}

/** How high the rows are and which columns there are, as the reader likes it. */
export function TableOptions({ preferences, onPreferences, folded }: Props) {
  const words = useWords()
  const [open, setOpen] = useState<'rows' | 'columns'>()
  const titles = columnTitles(words)

  function turn(column: Column) {
    const without = preferences.hidden.filter((one) => one !== column)
    onPreferences({
      ...preferences,
      hidden: without.length < preferences.hidden.length ? without : [...without, column],
    })
  }

  const button = (which: 'rows' | 'columns', label: string) => (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      aria-haspopup="dialog"
      aria-expanded={open === which}
      onClick={() => setOpen(open === which ? undefined : which)}
    >
      <Icon name={which} />
    </button>
  )

  return (
    <>
      <span className="floating-anchor">
        {button('rows', words.density)}
        {open === 'rows' && (
          <Floating label={words.density} align="end" onClose={() => setOpen(undefined)}>
            <div className="table-options" role="radiogroup" aria-label={words.density}>
              {densities.map((density) => (
                <label key={density} className="choice">
                  <input
                    type="radio"
                    name="density"
                    checked={preferences.density === density}
                    onChange={() => onPreferences({ ...preferences, density })}
                  />
                  {words.densities[density]}
                </label>
              ))}
            </div>
          </Floating>
        )}
      </span>
      <span className="floating-anchor">
        {button('columns', words.columns)}
        {open === 'columns' && (
          <Floating label={words.columns} align="end" onClose={() => setOpen(undefined)}>
            <div className="table-options" role="group" aria-label={words.columns}>
              {optionalColumns.map((column) => (
                <div key={column} className="column-option">
                  <label className="choice">
                    <input
                      type="checkbox"
                      checked={!preferences.hidden.includes(column)}
                      onChange={() => turn(column)}
                    />
                    {titles[column]}
                  </label>
                  <WidthField
                    label={words.widthOf(titles[column])}
                    width={preferences.widths[column]}
                    off={preferences.hidden.includes(column)}
                    onWidth={(width) => onPreferences(withWidth(preferences, column, width))}
                  />
                </div>
              ))}
              <p>
                {folded ? words.foldedNote : words.widthNote}
                <button
                  type="button"
                  className="text-button"
                  disabled={Object.keys(preferences.widths).length === 0}
                  onClick={() => onPreferences({ ...preferences, widths: {} })}
                >
                  {words.usualWidths}
                </button>
              </p>
            </div>
          </Floating>
        )}
      </span>
    </>
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
  const words = useWords()
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
      placeholder={words.auto}
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
