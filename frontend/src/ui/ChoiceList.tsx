import { useRef, useState } from 'react'
import { useMessages } from '../i18n/language'
import { visibleText } from '../lib/visible'
import { Icon } from './Icon'
import { Shown } from './Shown'
import './choices.css'

export interface ChoiceGroup {
  title?: string
  /** Found ones are shown whatever was typed: a search has found them. */
  choices: { value: string; title: string; found?: boolean }[]
}

interface Props {
  label: string
  /** Names the box that finds a choice, where they are many. */
  findLabel?: string
  groups: ChoiceGroup[]
  counts: { value: string; count: number }[] | undefined
  selected: string[]
  /** Without it nothing can be excluded. */
  excluded?: string[]
  /** A note on values that are not listed. */
  note?: string | undefined
  /** Called with the text typed to find a choice. */
  onFind?: (text: string) => void
  /** The choices are still being read. */
  pending?: boolean
  onChange: (selected: string[], excluded: string[]) => void
}

// Longer ones are cut in a panel of the usual width.
const longTitle = 30

/** The choices of one filter, several at a time, each with its count; each can be excluded instead. */
export function ChoiceList(props: Props) {
  const { label, findLabel, groups, counts, selected, excluded = [], onChange } = props
  const messages = useMessages()
  const [find, setFind] = useState('')
  const findInput = useRef<HTMLInputElement>(null)
  const countOf = new Map(counts?.map(({ value, count }) => [value, count]))
  const wanted = find.trim().toLowerCase()
  const wide = groups.some(({ choices }) => choices.some(({ title }) => title.length > longTitle))
  const shown = groups
    .map((group) => ({
      ...group,
      choices: group.choices.filter(
        ({ value, title, found }) =>
          !wanted || found || title.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted),
      ),
    }))
    .filter((group) => group.choices.length > 0)

  function turn(values: string[], on: boolean) {
    const rest = selected.filter((value) => !values.includes(value))
    onChange(
      on ? [...rest, ...values] : rest,
      excluded.filter((value) => !values.includes(value)),
    )
  }

  function exclude(value: string, on: boolean) {
    const rest = excluded.filter((one) => one !== value)
    onChange(
      selected.filter((one) => one !== value),
      on ? [...rest, value] : rest,
    )
  }

  return (
    <div className={wide ? 'choices choices-wide' : 'choices'}>
      {findLabel && (
        <div className="choices-find">
          <div className="field">
            <Icon name="search" />
            <input
              ref={findInput}
              type="text"
              aria-label={findLabel}
              placeholder={findLabel}
              value={find}
              onChange={(event) => {
                setFind(event.target.value)
                props.onFind?.(event.target.value)
              }}
            />
          </div>
          <button
            type="button"
            className="text-button"
            disabled={selected.length + excluded.length === 0}
            onClick={() => {
              onChange([], [])
              findInput.current?.focus() // this button goes away
            }}
          >
            {messages.clear}
          </button>
        </div>
      )}
      <fieldset className="choices-list" aria-label={label}>
        {shown.map((group) => (
          <div key={group.title ?? ''} className="choices-group">
            {group.title && (
              <div className="choices-title">
                <Shown text={group.title} />
                <button
                  type="button"
                  className="text-button"
                  aria-label={`${messages.allOfThese}: ${group.title}`}
                  onClick={() => {
                    const values = group.choices.map((choice) => choice.value)
                    turn(values, !values.every((value) => selected.includes(value)))
                  }}
                >
                  {messages.allOfThese}
                </button>
              </div>
            )}
            {group.choices.map(({ value, title }) => {
              const isExcluded = excluded.includes(value)
              const isZero = counts !== undefined && !countOf.get(value)
              return (
                <div
                  key={value}
                  className={`choice${isZero ? ' choice-zero' : ''}${isExcluded ? ' choice-excluded' : ''}`}
                >
                  <label>
                    <input
                      type="checkbox"
                      aria-label={visibleText(title)}
                      checked={selected.includes(value)}
                      onChange={(event) => turn([value], event.target.checked)}
                    />
                    <span className="cut" title={visibleText(title)}>
                      <Shown text={title} />
                    </span>
                    {counts && <span className="choice-count">{messages.number(countOf.get(value) ?? 0)}</span>}
                  </label>
                  {props.excluded && (
                    <button
                      type="button"
                      className="choice-exclude"
                      aria-label={messages.excludeThis(visibleText(title))}
                      title={messages.excludeThis(visibleText(title))}
                      aria-pressed={isExcluded}
                      onClick={() => exclude(value, !isExcluded)}
                    >
                      <Icon name="not" small />
                    </button>
                  )}
                </div>
              )
            })}
          </div>
        ))}
        {shown.length === 0 && !props.pending && <p className="choices-none">{messages.nothingFound}</p>}
      </fieldset>
      {props.note && <p className="choices-note choices-more">{props.note}</p>}
    </div>
  )
}
