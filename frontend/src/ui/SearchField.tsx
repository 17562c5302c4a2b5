import {
  type CompositionEvent,
  type KeyboardEvent,
  type Ref,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from 'react'
import { useMessages } from '../i18n/language'
import { Steps, typedOn } from '../lib/steps'
import { useFits } from './hooks/useFits'
import { useKey } from './hooks/useKey'
import { useLatest } from './hooks/useLatest'
import { Icon } from './Icon'
import { IconButton } from './IconButton'
import './filters.css'

interface Props {
  ref?: Ref<HTMLInputElement>
  value: string
  /** The server refused the search. */
  invalid: boolean
  /** What can be searched; by default that of the log. If there is no room for it, the hint is `Search`. */
  hint?: string
  /** `goesOn`: the value continues the previous search. */
  onChange: (value: string, goesOn: boolean) => void
}

const pause = 150

/** The search field. Its text becomes the filter shortly after the last key. */
export function SearchField({ ref, value, invalid, hint, onChange }: Props) {
  const messages = useMessages()
  const fullHint = hint ?? messages.searchHint
  const input = useRef<HTMLInputElement>(null)
  useImperativeHandle(ref, () => input.current as HTMLInputElement, [])
  const hintFits = useFits(input, fullHint)
  const { text, type, finish, end, composition } = useTypedSearch(value, onChange)

  useKey('/', () => {
    input.current?.focus()
    input.current?.select()
  })

  function keyDown(event: KeyboardEvent<HTMLInputElement>) {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter') finish(text)
    if (event.key !== 'Escape') return
    event.preventDefault()
    if (text === '') input.current?.blur()
    else finish('')
  }

  return (
    <div className="field search-field">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label={messages.search}
        aria-invalid={invalid}
        placeholder={hintFits ? fullHint : messages.search}
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={keyDown}
        onBlur={end}
        {...composition}
      />
      {text === '' ? (
        // biome-ignore lint/a11y/noAriaHiddenOnFocusable: it takes no focus
        <kbd aria-hidden="true">/</kbd>
      ) : (
        <IconButton
          small
          className="icon-button search-clear"
          label={messages.clearSearch}
          icon="close"
          onClick={() => {
            finish('')
            input.current?.focus()
          }}
        />
      )}
    </div>
  )
}

/** The text of the field, and when it is sent as a search. */
function useTypedSearch(value: string, onChange: Props['onChange']) {
  const [text, setText] = useState(value)
  const timer = useRef<number>(undefined)
  const composing = useRef(false)
  const sent = useRef(value)
  const [steps] = useState(() => new Steps())
  /** Whether the text that is not sent yet continues the previous search. */
  const goesOn = useRef<boolean>(undefined)
  // The pause may outlive a render: the search is added to the filters at that time, not those at the last key.
  const latest = useLatest(onChange)

  // Shows changes from elsewhere, such as a removed chip or Back, without overwriting text that is being typed.
  useEffect(() => {
    if (value === sent.current) return
    sent.current = value
    window.clearTimeout(timer.current)
    setText(value)
  }, [value])

  useEffect(() => () => window.clearTimeout(timer.current), [])

  function send(next: string) {
    window.clearTimeout(timer.current)
    const typed = goesOn.current === true && typedOn(sent.current, next)
    goesOn.current = undefined
    sent.current = next
    latest.current(next, typed)
  }

  function type(next: string) {
    setText(next)
    window.clearTimeout(timer.current)
    const step = steps.next()
    goesOn.current ??= step
    // Half a syllable in a Chinese input method is not a search.
    if (!composing.current) timer.current = window.setTimeout(() => send(next), pause)
  }

  return {
    text,
    type,
    /** Sends a finished search: text typed after it is a new search. */
    finish: (next: string) => {
      setText(next)
      send(next)
      steps.end()
    },
    end: () => steps.end(),
    composition: {
      onCompositionStart: () => {
        composing.current = true
      },
      onCompositionEnd: (event: CompositionEvent<HTMLInputElement>) => {
        composing.current = false
        type(event.currentTarget.value)
      },
    },
  }
}
