import { useState } from 'react'
import { useWords } from '../i18n/language'
import { OrganizationTree } from '../log/OrganizationTree'
import { useOrganizations } from '../log/queries'
import { Icon } from '../theme/Icon'
import { Loaded } from './Loaded'

interface Props {
  label: string
  tenant: string
  value: string
  /** What no organization means: the whole tenant, or the top of the tree. */
  none: string
  /** These cannot be chosen. */
  without?: ReadonlySet<string>
  /** It alone is meant, not all below it; those of today's tree. */
  plain?: boolean
  onChange: (id: string) => void
}

/** An organization of the tenant's tree, chosen in place. */
export function OrganizationField({ label, tenant, value, none, without, plain, onChange }: Props) {
  const words = useWords()
  const organizations = useOrganizations(tenant, true)
  const [open, setOpen] = useState(false)
  const name = organizations.data?.find((one) => one.id === value)?.name ?? value

  function choose(id: string) {
    onChange(id)
    setOpen(false)
  }
  return (
    <fieldset className="form-field">
      <legend>{label}</legend>
      <button type="button" className="field form-opener" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="cut">{value ? (plain ? name : words.andBelow(name)) : none}</span>
        <Icon name={open ? 'up' : 'down'} />
      </button>
      {open && (
        <Loaded query={organizations}>
          {(list) => (
            <div className="form-tree">
              <OrganizationTree
                organizations={list.filter((one) => !without?.has(one.id) && !(plain && one.archived))}
                own={undefined}
                selected={value ? [value] : []}
                onSelect={choose}
              />
              {value && (
                <button type="button" className="text-button" onClick={() => choose('')}>
                  {none}
                </button>
              )}
            </div>
          )}
        </Loaded>
      )}
    </fieldset>
  )
}
