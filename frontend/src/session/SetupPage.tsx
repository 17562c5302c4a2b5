import { useState } from 'react'
import { problemText } from '../api/http'
import type { LocaleTag } from '../api/types'
import { useWords } from '../i18n/language'
import { CardField, CardPage } from './CardPage'
import { useSetUp } from './queries'

/** The code that the program printed and opened the page with; it stands in the fragment, which no server sees. */
export const setupCode = new URLSearchParams(window.location.hash.slice(1)).get('setup')

interface Props {
  code: string
  locale: LocaleTag
  onLanguage: (tag: LocaleTag) => void
}

/** The first run: makes the first owner and the first tenant, and signs the owner in. */
export function SetupPage({ code, locale, onLanguage }: Props) {
  const words = useWords()
  const setUp = useSetUp()
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [name, setName] = useState('')
  const [id, setId] = useState('')
  const [zone, setZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [permission, setPermission] = useState(false)

  function submit() {
    const tenant = { id, name, time_zone: zone, data_permission: permission }
    setUp.mutate({ code, username, password, locale, tenant, keyName: words.firstKey })
  }

  return (
    <CardPage
      title={words.setupTitle}
      note={words.setupText}
      error={setUp.error ? words.setupFailed(problemText(setUp.error)) : undefined}
      action={words.setUp}
      pending={setUp.isPending}
      onSubmit={submit}
      onLanguage={onLanguage}
    >
      <CardField id="tenant-name" label={words.tenantName} value={name} onChange={setName} />
      <CardField
        id="tenant-id"
        label={words.tenantId}
        value={id}
        onChange={setId}
        pattern="[A-Za-z0-9][A-Za-z0-9._-]*"
      />
      <CardField id="time-zone" label={words.timeZone} value={zone} onChange={setZone} />
      <label className="card-check">
        <input type="checkbox" checked={permission} onChange={(event) => setPermission(event.target.checked)} />
        {words.dataPermission}
      </label>
      <CardField id="username" label={words.username} value={username} onChange={setUsername} autoComplete="username" />
      <CardField
        id="password"
        label={words.password}
        value={password}
        onChange={setPassword}
        type="password"
        autoComplete="new-password"
        minLength={8}
      />
    </CardPage>
  )
}
