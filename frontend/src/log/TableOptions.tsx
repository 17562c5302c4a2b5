import { useState } from 'react'
import { Floating } from '../frame/Floating'
import { useWords } from '../i18n/language'
import { Icon } from '../theme/Icon'
import { type Column, densities, optionalColumns, type Taste } from './taste'

interface Props {
  taste: Taste
  onTaste: (next: Taste) => void
}

/** How high the rows are and which columns there are, as the reader likes it. */
export function TableOptions({ taste, onTaste }: Props) {
  const words = useWords()
  const [open, setOpen] = useState<'rows' | 'columns'>()
  const titles: Record<Column, string> = {
    user: words.user,
    role: words.role,
    organization: words.organization,
    module: words.functionalModule,
    type: words.operationType,
    content: words.content,
    time: words.operationTime,
  }

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
                <label key={column} className="choice">
                  <input type="checkbox" checked={!taste.hidden.includes(column)} onChange={() => turn(column)} />
                  {titles[column]}
                </label>
              ))}
            </div>
          </Floating>
        )}
      </span>
    </>
  )
}
