import { useIdentityMessages } from '../../i18n/identityMessages'
import { useMessages } from '../../i18n/language'
import { relativeTime } from '../../lib/time/phrases'
import type { Identity } from '../../model/api/types'
import { Icon } from '../../ui/Icon'
import { Shown } from '../../ui/Shown'
import { groupsOf } from './groups'

interface Props {
  people: Identity['turned_away']
  zone: string
  onAsk: (username: string) => void
}

/** Those whom no rule fitted lately, with the groups that a rule could name. */
export function TurnedAwayPart({ people, zone, onAsk }: Props) {
  const { identity: messages } = useIdentityMessages()
  return (
    <section aria-labelledby="identity-turned">
      <h2 id="identity-turned">{messages.turnedAway}</h2>
      <p>{people.length === 0 ? messages.nobodyTurnedAway : messages.turnedAwayText}</p>
      {people.length > 0 && (
        <ul className="identity-list">
          {people.map((person) => (
            <Turned key={person.account} of={person} zone={zone} onAsk={onAsk} />
          ))}
        </ul>
      )}
    </section>
  )
}

/** How many groups are named. */
const named = 3

function Turned({ of, zone, onAsk }: { of: Props['people'][number] } & Omit<Props, 'people'>) {
  const common = useMessages()
  const { identity: messages } = useIdentityMessages()
  const groups = groupsOf(of.groups, [], '')
  const some = common.listJoin(groups.slice(0, named).map(({ name }) => name))
  const inside =
    groups.length === 0 ? messages.inNoGroup : messages.inGroups(some, groups.length - named, groups.length)
  return (
    <li>
      <span className="tag tag-outward">
        <Icon name="not" small />
        {messages.refusedTag}
      </span>
      <span className="stack">
        <span>
          <Shown text={of.name ?? of.account} />
        </span>
        <small>
          {of.name && <Shown text={`${of.account} · `} />}
          {relativeTime(Date.parse(of.at), zone, common, Date.now())}
        </small>
        <small>
          <Shown text={inside} />
        </small>
      </span>
      <button
        type="button"
        className="link"
        aria-label={messages.lookUpOf(of.account)}
        onClick={() => onAsk(of.account)}
      >
        {messages.lookUp}
      </button>
    </li>
  )
}
