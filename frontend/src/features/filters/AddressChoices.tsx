import { useId, useRef, useState } from 'react'
import { useChoicesMessages } from '../../i18n/choicesMessages'
import { parseNetwork } from '../../lib/network'
import { type Filters, withValues } from '../../model/log/filters'
import { Button } from '../../ui/Button'
import { ChoiceList } from '../../ui/ChoiceList'
import '../../ui/choices.css'

interface Props {
  filters: Filters
  onFilters: (next: Filters) => void
}

/** Addresses and networks to filter by: typed, and checked before they are. */
export function AddressChoices({ filters, onFilters }: Props) {
  const messages = useChoicesMessages()
  const { ip, notIp } = filters
  // Values that were just removed stay in the list, so that they can be chosen again.
  const [known, setKnown] = useState<string[]>([...ip, ...notIp])
  const choices = [...new Set([...known, ...ip, ...notIp])].map((value) => ({ value, title: value }))

  function add(network: string, isExcluded: boolean) {
    const without = (list: string[]) => list.filter((value) => value !== network)
    const [chosen, excluded] = [without(ip), without(notIp)]
    ;(isExcluded ? excluded : chosen).push(network)
    setKnown([...choices.map(({ value }) => value), network])
    onFilters(withValues(filters, 'ip', chosen, excluded))
  }

  return (
    <div className="addresses">
      <AddressForm onAdd={add} />
      {choices.length > 0 && (
        <ChoiceList
          label={messages.ip}
          groups={[{ choices }]}
          counts={undefined}
          selected={ip}
          excluded={notIp}
          onChange={(selected, excluded) => onFilters(withValues(filters, 'ip', selected, excluded))}
        />
      )}
    </div>
  )
}

/** A field for an address or a network, and buttons that add or exclude it. */
function AddressForm({ onAdd }: { onAdd: (network: string, isExcluded: boolean) => void }) {
  const messages = useChoicesMessages()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState(false)

  function add(isExcluded: boolean) {
    const network = parseNetwork(text)
    setWrong(network === undefined)
    input.current?.focus()
    if (network === undefined) return
    setText('')
    onAdd(network, isExcluded)
  }

  return (
    <form
      className="addresses-new"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        add(false)
      }}
    >
      <label htmlFor={id}>{messages.ipHint}</label>
      <div className="addresses-line">
        <div className="field">
          <input
            ref={input}
            id={id}
            type="text"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            placeholder="10.0.0.0/8"
            value={text}
            aria-invalid={wrong}
            aria-describedby={wrong ? `${id}-wrong` : undefined}
            onChange={(event) => {
              setText(event.target.value)
              if (wrong) setWrong(parseNetwork(event.target.value) === undefined)
            }}
          />
        </div>
        <Button submit>{messages.addFilter}</Button>
        <Button onClick={() => add(true)}>{messages.exclude}</Button>
      </div>
      <p id={`${id}-wrong`} role="alert" className={wrong ? 'addresses-wrong' : 'sr'}>
        {wrong && messages.notAnAddress}
      </p>
    </form>
  )
}
