import { useSearchParams } from 'react-router'
import { useSessionMessages } from '../../i18n/sessionMessages'
import { urlOf } from '../../lib/basePath'
import type { Provider } from '../../model/api/types'
import '../../ui/button.css'
import './providers.css'

/** The address that begins a sign-in at an identity provider, which leads back to where the person was going. */
function beginAt(name: string, next: string | null): string {
  return urlOf(`/api/v1/session/oidc/${name}${next ? `?next=${encodeURIComponent(next)}` : ''}`)
}

/** Buttons of the identity providers, which leave this page. */
export function ProviderButtons({ providers }: { providers: Provider[] }) {
  const messages = useSessionMessages()
  const [search] = useSearchParams()
  const asking = providers.filter(({ kind }) => kind === 'oidc')
  if (asking.length === 0) return null
  return (
    <div className="providers">
      <p className="providers-or">{messages.or}</p>
      {asking.map(({ name, title, icon }) => (
        <a
          key={name}
          className="button button-plain button-large button-block"
          href={beginAt(name, search.get('next'))}
        >
          {icon && <img src={icon} alt="" width={20} height={20} />}
          <span className="cut">{messages.signInWith(title)}</span>
        </a>
      ))}
    </div>
  )
}

interface ChoiceProps {
  providers: Provider[]
  value: string
  onChange: (source: string) => void
}

/** Where the account is, if several directories may have it. */
export function DirectoryChoice({ providers, value, onChange }: ChoiceProps) {
  const messages = useSessionMessages()
  const directories = providers.filter(({ kind }) => kind === 'ldap')
  if (directories.length < 2) return null
  return (
    <div>
      <label htmlFor="source">{messages.accountOf}</label>
      <div className="field">
        <select id="source" value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{messages.anyDirectory}</option>
          <option value="local">{messages.localAccounts}</option>
          {directories.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </div>
    </div>
  )
}
