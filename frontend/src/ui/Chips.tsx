import { type KeyboardEvent, type ReactNode, type RefObject, useLayoutEffect, useRef, useState } from 'react'
import { useMessages } from '../i18n/language'
import { visibleText } from '../lib/visible'
import { Icon } from './Icon'
import { IconButton } from './IconButton'
import { Shown } from './Shown'
import './chips.css'

export interface Chip<Name extends string> {
  name: Name
  /** Its values are left out. */
  excluded: boolean
  label: string
  text: string
  /** Absent for a filter that has no choices of its own to open. */
  onOpen?: () => void
}

interface Props<Name extends string> {
  chips: Chip<Name>[]
  onRemove: (name: Name) => void
  /** The last chip was removed, and the focus with it. */
  onNoneLeft: () => void
  onClear: () => void
  onCopyLink: () => void
  /** Placed before the link. */
  children?: ReactNode
}

/** A chip for each active filter. The line is drawn even if it is empty, so that nothing moves. */
export function Chips<Name extends string>({
  chips,
  onRemove,
  onNoneLeft,
  onClear,
  onCopyLink,
  children,
}: Props<Name>) {
  const messages = useMessages()
  const line = useRef<HTMLFieldSetElement>(null)
  const tight = useTight(line, chips)

  function remove(name: Name, index: number) {
    onRemove(name)
    requestAnimationFrame(() => {
      const left = line.current?.querySelectorAll<HTMLElement>('[data-remove]')
      const next = left?.[Math.min(index, left.length - 1)]
      if (next) next.focus()
      else onNoneLeft()
    })
  }

  return (
    <fieldset ref={line} className={tight ? 'chips chips-tight' : 'chips'} aria-label={messages.activeFilters}>
      {chips.map((chip, index) => (
        <ChipItem key={chip.name} chip={chip} onRemove={() => remove(chip.name, index)} />
      ))}
      {chips.length > 0 && (
        <button type="button" className="text-button" onClick={onClear}>
          {messages.clearAll}
        </button>
      )}
      <span className="grow" />
      {children}
      <button type="button" className="text-button quiet copy-link" title={messages.copyLink} onClick={onCopyLink}>
        <Icon name="link" />
        {messages.copyLink}
      </button>
    </fieldset>
  )
}

function ChipItem({ chip, onRemove }: { chip: Chip<string>; onRemove: () => void }) {
  const messages = useMessages()
  const { excluded, label, text, onOpen } = chip
  const title = visibleText(messages.chipWhole(label, text))
  const inside = (
    <>
      <span className="chip-label">{messages.chip(label)}</span>
      <span className="cut">
        <Shown text={text} />
      </span>
    </>
  )

  function keyDown(event: KeyboardEvent) {
    if (event.key !== 'Backspace' && event.key !== 'Delete') return
    event.preventDefault()
    onRemove()
  }

  return (
    <span className="chip">
      {excluded && <Icon name="not" small />}
      {onOpen ? (
        <button type="button" className="chip-text" title={title} onClick={onOpen} onKeyDown={keyDown}>
          {inside}
        </button>
      ) : (
        <span className="chip-text" title={title}>
          {inside}
        </span>
      )}
      <IconButton
        small
        className="chip-remove"
        data-remove
        label={messages.removeFilter(label)}
        icon="close"
        onClick={onRemove}
        onKeyDown={keyDown}
      />
    </span>
  )
}

/** Whether the chips with the names of their filters are more than the line holds; a phone's line is moved along instead. */
function useTight(line: RefObject<HTMLFieldSetElement | null>, chips: Chip<string>[]): boolean {
  const [tight, setTight] = useState(false)
  const texts = chips.map(({ label, text }) => `${label} ${text}`).join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the texts are what takes the room
  useLayoutEffect(() => {
    const element = line.current
    if (!element) return
    const measure = () => {
      element.classList.remove('chips-tight')
      const last = Array.from(element.children).findLast((child) => child.clientWidth > 0)
      const moves = getComputedStyle(element).overflowX !== 'visible'
      const over = !moves && last !== undefined && right(last) > right(element)
      element.classList.toggle('chips-tight', over)
      setTight(over)
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [line, texts])
  return tight
}

function right(element: Element): number {
  return element.getBoundingClientRect().right
}
