import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useMessages } from '../../i18n/language'
import { useFieldError } from '../../ui/form/Form'
import { Icon } from '../../ui/Icon'
import { Loaded } from '../../ui/Loaded'
import { Shown } from '../../ui/Shown'
import type { Organization } from '../api/types'
import { withIds } from '../log/names'
import { useOrganizations } from '../log/queries'
import { OrganizationTree, type TreeHandle } from './OrganizationTree'

interface Props {
  label: string
  tenant: string
  /** Empty: none. Undefined: nothing has been chosen, and the form is not sent. */
  value: string | undefined
  /** The meaning of no organization: the whole tenant, or the top of the tree. */
  none: string
  /** These cannot be chosen. */
  without?: ReadonlySet<string>
  /** Only the organization itself is chosen, not those below it; from today's tree. */
  plain?: boolean
  onChange: (id: string) => void
}

/**
 * Chooses an organization of the tenant's tree: typing searches it, Enter takes the match. A search without a choice is not
 * taken for the whole tenant: the field shows an error, and the form is not sent.
 */
export function OrganizationField(props: Props) {
  const { label, tenant, value, onChange } = props
  const id = useId()
  const organizations = useOrganizations(tenant, true)
  const [open, setOpen] = useState(false)
  const [find, setFind] = useState('')
  const opener = useRef<HTMLButtonElement>(null)
  const shown = useChosenText(props, organizations.data)
  const own = open && find.trim() !== '' ? 'unfinished' : value === undefined ? 'unchosen' : undefined
  const said = useFieldError(id)
  const fault = own && said

  function turn(on: boolean, search = '') {
    setFind(search)
    setOpen(on)
    if (!on) opener.current?.focus()
  }
  function choose(chosen: string) {
    onChange(chosen)
    turn(false)
  }
  function keyDown(event: KeyboardEvent) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    const onOpener = event.target instanceof HTMLElement && event.target.id === id
    if (event.key === 'Escape' && open) turn(false)
    else if (onOpener && !open && event.key === 'ArrowDown') turn(true)
    else if (onOpener && !open && event.key.length === 1 && event.key !== ' ') turn(true, event.key)
    else return
    event.preventDefault()
  }

  return (
    <fieldset className="form-field" onKeyDown={keyDown}>
      <legend>{label}</legend>
      <button
        ref={opener}
        type="button"
        id={id}
        data-opener
        className="field form-opener"
        aria-expanded={open}
        aria-invalid={fault ? true : undefined}
        aria-describedby={fault ? `${id}-fault` : undefined}
        data-fault={own}
        onClick={() => turn(!open)}
      >
        <span className={value === undefined ? 'cut form-unchosen' : 'cut'}>
          <Shown text={shown} />
        </span>
        <Icon name={open ? 'up' : 'down'} />
      </button>
      {fault && (
        <p id={`${id}-fault`} className="form-hint form-wrong">
          {fault}
        </p>
      )}
      {open && <Choices {...props} query={organizations} find={find} onFind={setFind} onChoose={choose} />}
    </fieldset>
  )
}

/** What the field shows: the chosen organization by its name, or that none is chosen. */
function useChosenText({ value, none, plain }: Props, organizations: Organization[] | undefined): string {
  const messages = useMessages()
  const names = useMemo(() => withIds(organizations?.map(({ id, name }) => [id, name]) ?? []), [organizations])
  if (value === undefined) return messages.choose
  if (value === '') return none
  const name = names.get(value) ?? value
  return plain ? name : messages.andBelow(name)
}

interface ChoicesProps extends Props {
  query: ReturnType<typeof useOrganizations>
  find: string
  onFind: (find: string) => void
  onChoose: (id: string) => void
}

/** The tree to choose from, and the choice of no organization. */
function Choices({ query, value, none, without, plain, find, onFind, onChoose }: ChoicesProps) {
  const tree = useRef<TreeHandle>(null)
  const ready = query.data !== undefined
  useEffect(() => {
    if (ready) tree.current?.focusSearch()
  }, [ready])
  return (
    <Loaded query={query}>
      {(list) => (
        <div className="form-tree">
          <OrganizationTree
            ref={tree}
            organizations={list.filter((one) => !without?.has(one.id) && !(plain && one.archived))}
            own={undefined}
            selected={value ? [value] : []}
            find={find}
            onFind={onFind}
            onSelect={onChoose}
          />
          {value !== '' && (
            <button type="button" className="text-button" onClick={() => onChoose('')}>
              {none}
            </button>
          )}
        </div>
      )}
    </Loaded>
  )
}
