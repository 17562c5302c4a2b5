import { useState } from 'react'
import { useWords } from '../../i18n/language'
import { columnTitles } from '../../model/log/filterWords'
import { type Column, densities, optionalColumns, type Taste, widthLimits, withWidth } from '../../model/log/taste'
import { Floating } from '../../ui/Floating'
import { Icon } from '../../ui/Icon'
import '../../ui/choices.css'
import './options.css'

interface Props {
  taste: Taste
  onTaste: (next: Taste) => void
  /** The table is folded: its columns are as they are until it is wide again. */
  folded?: boolean
}

/** How high the rows are and which columns there are, as the reader likes it. */
export function TableOptions({ taste, onTaste, folded }: Props) {
  const words = useWords()
  const [open, setOpen] = useState<'rows' | 'columns'>()
  const titles = columnTitles(words)

  function turn(column: Column) {
    const without = taste.hidden.filter((one) => one !== column)
    onTaste({ ...taste, hidden: without.length < taste.hidden.length ? without : [...without, column] })
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
                    checked={taste.density === density}
                    onChange={() => onTaste({ ...taste, density })}
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
                    <input type="checkbox" checked={!taste.hidden.includes(column)} onChange={() => turn(column)} />
                    {titles[column]}
                  </label>
                  <WidthField
                    label={words.widthOf(titles[column])}
                    width={taste.widths[column]}
                    off={taste.hidden.includes(column)}
                    onWidth={(width) => onTaste(withWidth(taste, column, width))}
                  />
                </div>
              ))}
              <p>
                {folded ? words.foldedNote : words.widthNote}
                <button
                  type="button"
                  className="text-button"
                  disabled={Object.keys(taste.widths).length === 0}
                  onClick={() => onTaste({ ...taste, widths: {} })}
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
