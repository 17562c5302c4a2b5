import { useRef, useState } from 'react'
import type { FacetValue } from '../api/types'
import { Floating } from '../frame/Floating'
import { useWords } from '../i18n/language'
import { Icon } from '../theme/Icon'
import { Shown } from '../theme/Shown'
import { visibleText } from '../theme/visible'
import './filters.css'
import './choices.css'

export interface ChoiceGroup {
  title?: string
  choices: { value: string; title: string }[]
}

interface ListProps {
  label: string
  findLabel: string
  groups: ChoiceGroup[]
  counts: FacetValue[] | undefined
  selected: string[]
  onChange: (values: string[]) => void
}

// Longer ones are cut in a panel of the usual width.
const longTitle = 30

/** A button that opens the choices of one filter, several at a time, each with its count. */
export function ChoiceFilter(props: ListProps & { open: boolean; onOpen: (open: boolean) => void; invalid: boolean }) {
  const words = useWords()
  const { open, onOpen } = props
  const count = props.selected.length
  return (
    <div className="floating-anchor">
      <button
        type="button"
        className={props.invalid ? 'choice-trigger choice-invalid' : 'choice-trigger'}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => onOpen(!open)}
      >
        {props.label} {count > 0 ? <b>{words.number(count)}</b> : <span className="choice-all">{words.all}</span>}
        <Icon name="down" />
      </button>
      {open && (
        <Floating label={props.label} onClose={() => onOpen(false)}>
          <ChoiceList {...props} />
        </Floating>
      )}
    </div>
  )
}

/** The choices themselves; also shown in the phone's Filters. */
export function ChoiceList({ label, findLabel, groups, counts, selected, onChange }: ListProps) {
  const words = useWords()
  const [find, setFind] = useState('')
  const findInput = useRef<HTMLInputElement>(null)
  const countOf = new Map(counts?.map(({ value, count }) => [value, count]))
  const wanted = find.trim().toLowerCase()
  const wide = groups.some(({ choices }) => choices.some(({ title }) => title.length > longTitle))
  const shown = groups
    .map((group) => ({
      ...group,
      choices: group.choices.filter(
        ({ value, title }) => !wanted || title.toLowerCase().includes(wanted) || value.includes(wanted),
      ),
    }))
    .filter((group) => group.choices.length > 0)

  function turn(values: string[], on: boolean) {
    const rest = selected.filter((value) => !values.includes(value))
    onChange(on ? [...rest, ...values] : rest)
  }

  return (
    <div className={wide ? 'choices choices-wide' : 'choices'}>
      <div className="choices-find">
        <div className="field">
          <Icon name="search" />
          <input
            ref={findInput}
            type="text"
            aria-label={findLabel}
            placeholder={findLabel}
            value={find}
            onChange={(event) => setFind(event.target.value)}
          />
        </div>
        <button
          type="button"
          className="text-button"
          disabled={selected.length === 0}
          onClick={() => {
            onChange([])
            findInput.current?.focus() // this button goes away
          }}
        >
          {words.clear}
        </button>
      </div>
      <fieldset className="choices-list" aria-label={label}>
        {shown.map((group) => (
          <div key={group.title ?? ''} className="choices-group">
            {group.title && (
              <div className="choices-title">
                <Shown text={group.title} />
                <button
                  type="button"
                  className="text-button"
                  aria-label={`${words.allOfThese}: ${group.title}`}
                  onClick={() => {
                    const values = group.choices.map((choice) => choice.value)
                    turn(values, !values.every((value) => selected.includes(value)))
                  }}
                >
                  {words.allOfThese}
                </button>
              </div>
            )}
            {group.choices.map(({ value, title }) => (
              <label key={value} className={counts && !countOf.get(value) ? 'choice choice-zero' : 'choice'}>
                <input
                  type="checkbox"
                  aria-label={visibleText(title)}
                  checked={selected.includes(value)}
                  onChange={(event) => turn([value], event.target.checked)}
                />
                <span className="cut" title={visibleText(title)}>
                  <Shown text={title} />
                </span>
                {counts && <span className="choice-count">{words.number(countOf.get(value) ?? 0)}</span>}
              </label>
            ))}
          </div>
        ))}
        {shown.length === 0 && <p className="choices-none">{words.nothingFound}</p>}
      </fieldset>
    </div>
  )
}
