import { useState } from 'react'
import { useIdentityMessages } from '../../i18n/identityMessages'
import { useMessages } from '../../i18n/language'
import type { IdentityRule } from '../../model/api/types'
import { Shown } from '../../ui/Shown'
import { useCopy } from '../../ui/useCopy'
import { groupsOf, ruleFor } from './groups'

/** How many groups are shown at first. */
const some = 8

interface Props {
  source: string
  names: string[]
  rules: IdentityRule[]
}

/** The groups of somebody, each with its rules; of one without a rule, a rule can be copied. */
export function GroupList({ source, names, rules }: Props) {
  const common = useMessages()
  const { identity: messages } = useIdentityMessages()
  const copy = useCopy()
  const [all, setAll] = useState(false)
  const groups = groupsOf(names, rules, source)
  if (groups.length === 0) return <p className="identity-quiet">{messages.noGroups}</p>
  return (
    <>
      <h4>{messages.groups(groups.length)}</h4>
      <ul className="identity-groups">
        {(all ? groups : groups.slice(0, some)).map(({ name, rules: by }) => (
          <li key={name}>
            <span className="mono">
              <Shown text={name} />
            </span>
            {by.length > 0 ? (
              <span className="tag">{messages.byRule(common.listJoin(by.map(String)))}</span>
            ) : (
              <>
                <span className="tag tag-outward">{messages.withoutRule}</span>
                <button
                  type="button"
                  className="link"
                  aria-label={messages.copyRuleFor(name)}
                  onClick={() => copy(ruleFor(source, name), messages.ruleCopied)}
                >
                  {messages.copyRule}
                </button>
              </>
            )}
          </li>
        ))}
      </ul>
      {groups.length > some && (
        <button type="button" className="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? messages.showLess : messages.showAll(groups.length)}
        </button>
      )}
    </>
  )
}
