import { useRef, useState } from 'react'
import { useChoicesMessages } from '../i18n/choicesMessages'
import { visibleText } from '../lib/visible'
import { Icon } from './Icon'
import { IconButton } from './IconButton'
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
  const messages = useChoicesMessages()
  const [find, setFind] = useState('')
  const countOf = new Map(counts?.map(({ value, count }) => [value, count]))
  const wide = groups.some(({ choices }) => choices.some(({ title }) => title.length > longTitle))
  const shown = found(groups, find)

  function turn(values: string[], on: boolean) {
    const rest = without(selected, values)
    onChange(on ? [...rest, ...values] : rest, without(excluded, values))
  }

  function exclude(value: string, on: boolean) {
    const rest = without(excluded, [value])
    onChange(without(selected, [value]), on ? [...rest, value] : rest)
  }

  return (
    <div className={wide ? 'choices choices-wide' : 'choices'}>
      {findLabel && (
        <FindChoice
          label={findLabel}
          text={find}
          clearable={selected.length + excluded.length > 0}
          onText={(text) => {
            setFind(text)
            props.onFind?.(text)
          }}
          onClear={() => onChange([], [])}
        />
      )}
      <fieldset className="choices-list" aria-label={label}>
        {shown.map((group) => (
          <div key={group.title ?? ''} className="choices-group">
            {group.title && <GroupTitle {...group} title={group.title} selected={selected} onTurn={turn} />}
            {group.choices.map(({ value, title }) => (
              <Choice
                key={value}
                title={title}
                count={counts && (countOf.get(value) ?? 0)}
                selected={selected.includes(value)}
                excluded={excluded.includes(value)}
                onSelect={(on) => turn([value], on)}
                onExclude={props.excluded && ((on) => exclude(value, on))}
              />
            ))}
          </div>
        ))}
        {shown.length === 0 && !props.pending && <p className="choices-none">{messages.nothingFound}</p>}
      </fieldset>
      {props.note && <p className="choices-note choices-more">{props.note}</p>}
    </div>
  )
}

function without(list: string[], values: string[]): string[] {
  return list.filter((value) => !values.includes(value))
}

/** The groups with only the choices that a text finds; those without any are left out. */
function found(groups: ChoiceGroup[], text: string): ChoiceGroup[] {
  const wanted = text.trim().toLowerCase()
  return groups
    .map((group) => ({
      ...group,
      choices: group.choices.filter(
        ({ value, title, found }) =>
          !wanted || found || title.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted),
      ),
    }))
    .filter((group) => group.choices.length > 0)
}

interface FindProps {
  label: string
  text: string
  /** Whether anything is chosen or excluded. */
  clearable: boolean
  onText: (text: string) => void
  onClear: () => void
}

/** The box that finds a choice, and the button that clears all. */
function FindChoice({ label, text, clearable, onText, onClear }: FindProps) {
  const messages = useChoicesMessages()
  const input = useRef<HTMLInputElement>(null)
  return (
    <div className="choices-find">
      <div className="field">
        <Icon name="search" />
        <input
          ref={input}
          type="text"
          aria-label={label}
          placeholder={label}
          value={text}
          onChange={(event) => onText(event.target.value)}
        />
      </div>
      <button
        type="button"
        className="text-button"
        disabled={!clearable}
        onClick={() => {
          onClear()
          input.current?.focus() // this button goes away
        }}
      >
        {messages.clear}
      </button>
    </div>
  )
}

interface GroupTitleProps extends ChoiceGroup {
  title: string
  selected: string[]
  onTurn: (values: string[], on: boolean) => void
}

/** The title of a group, with a button that chooses all of it or none. */
function GroupTitle({ title, choices, selected, onTurn }: GroupTitleProps) {
  const messages = useChoicesMessages()
  return (
    <div className="choices-title">
      <Shown text={title} />
      <button
        type="button"
        className="text-button"
        aria-label={`${messages.allOfThese}: ${title}`}
        onClick={() => {
          const values = choices.map((choice) => choice.value)
          onTurn(values, !values.every((value) => selected.includes(value)))
        }}
      >
        {messages.allOfThese}
      </button>
    </div>
  )
}

interface ChoiceProps {
  title: string
  /** Undefined until counted. */
  count: number | undefined
  selected: boolean
  excluded: boolean
  onSelect: (on: boolean) => void
  /** Without it the choice cannot be excluded. */
  onExclude: ((on: boolean) => void) | undefined
}

function Choice({ title, count, selected, excluded, onSelect, onExclude }: ChoiceProps) {
  const messages = useChoicesMessages()
  const name = visibleText(title)
  return (
    <div className={`choice${count === 0 ? ' choice-zero' : ''}${excluded ? ' choice-excluded' : ''}`}>
      <label>
        <input
          type="checkbox"
          aria-label={name}
          checked={selected}
          onChange={(event) => onSelect(event.target.checked)}
        />
        <span className="cut" title={name}>
          <Shown text={title} />
        </span>
        {count !== undefined && <span className="choice-count">{messages.number(count)}</span>}
      </label>
      {onExclude && (
        <IconButton
          small
          className="choice-exclude"
          label={messages.excludeThis(name)}
          icon="not"
          aria-pressed={excluded}
          onClick={() => onExclude(!excluded)}
        />
      )}
    </div>
  )
}
