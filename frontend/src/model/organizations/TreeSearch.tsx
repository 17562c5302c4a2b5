import type { KeyboardEvent, Ref } from 'react'
import { useMessages } from '../../i18n/language'
import { Icon } from '../../ui/Icon'
import { isFound, type OrganizationNode } from './organizations'

interface Props {
  input: Ref<HTMLInputElement>
  text: string
  rows: OrganizationNode[]
  onText: (text: string) => void
  onFocus: (node: OrganizationNode | undefined) => void
  onSelect: (id: string) => void
}

/** The search of the tree. */
export function TreeSearch({ input, text, rows, onText, onFocus, onSelect }: Props) {
  const messages = useMessages()

  /** Enter chooses the only one that is found, and leads to the first of several; it never sends the form around it. */
  function keyDown(event: KeyboardEvent) {
    if (event.key === 'Escape' && text !== '') onText('')
    else if (event.key === 'ArrowDown') onFocus(rows[0])
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      const found = text.trim() ? rows.filter((node) => isFound(node, text)) : []
      if (found.length === 1 && found[0]) onSelect(found[0].id)
      else onFocus(found[0])
    } else return
    event.preventDefault()
  }

  return (
    <div className="field tree-search">
      <Icon name="search" />
      <input
        ref={input}
        type="text"
        aria-label={messages.findOrganization}
        placeholder={messages.findOrganization}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={keyDown}
      />
    </div>
  )
}
