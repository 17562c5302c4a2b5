import { useId, useState } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useSessionMessages } from '../../i18n/sessionMessages'
import { minPasswordLength } from '../../lib/password'
import { ApiProblem, isProblem, problemText, problemTitle } from '../../lib/problem'
import { CardField, CardPage } from './CardPage'
import { useSetUp } from './queries'
import { setupCode } from './setupCode'

interface Props {
  locale: LocaleTag
  onLanguage: (tag: LocaleTag) => void
}

/** First run: creates the first owner and tenant, and signs the owner in. */
export default function SetupPage({ locale, onLanguage }: Props) {
  const messages = useSessionMessages()
  const setUp = useSetUp()
  const [code, setCode] = useState(setupCode ?? '')
  // If the code in the URL is rejected, a field asks for the current one.
  const [asksCode, setAsksCode] = useState(!setupCode)
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [name, setName] = useState('')
  const [id, setId] = useState<string>()
  const [zone, setZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [permission, setPermission] = useState(false)
  const zones = useId()
  const tenantId = id ?? idOf(name)
  const refusesCode = isProblem(setUp.error, 403)
  const wrong = setUp.error instanceof ApiProblem ? setUp.error.fields : {}

  function submit() {
    const tenant = { id: tenantId, name, time_zone: zone, data_permission: permission }
    const onError = (error: unknown) => {
      if (!isProblem(error, 403)) return
      if (!asksCode) setCode('')
      setAsksCode(true)
    }
    setUp.mutate({ code: code.trim(), username, password, locale, tenant, keyName: messages.firstKey }, { onError })
  }

  return (
    <CardPage
      wide
      title={messages.setupTitle}
      note={messages.setupText}
      error={setUp.error ? messages.setupFailed(refusesCode ? messages.setupCodeNeeded : said(setUp.error)) : undefined}
      action={messages.setUp}
      pending={setUp.isPending}
      onSubmit={submit}
      onLanguage={onLanguage}
    >
      {asksCode && (
        <CardField
          id="setup-code"
          label={messages.setupCode}
          hint={messages.setupCodeHint}
          autoFocus={!setupCode}
          value={code}
          error={refusesCode ? messages.setupCodeWrong : undefined}
          onChange={setCode}
        />
      )}
      <CardField
        id="tenant-name"
        label={messages.tenantName}
        hint={messages.tenantNameHint}
        autoFocus={Boolean(setupCode)}
        value={name}
        error={wrong['body.tenant.name']}
        onChange={setName}
      />
      <CardField
        id="tenant-id"
        label={messages.tenantId}
        hint={messages.tenantIdHint}
        value={tenantId}
        error={wrong['body.tenant.id']}
        onChange={setId}
        pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
        shape={messages.fieldErrors.id}
      />
      <CardField
        id="time-zone"
        label={messages.timeZone}
        list={zones}
        value={zone}
        error={wrong['body.tenant.time_zone']}
        onChange={setZone}
      />
      <datalist id={zones}>
        {Intl.supportedValuesOf('timeZone').map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <label className="card-check">
        <input type="checkbox" checked={permission} onChange={(event) => setPermission(event.target.checked)} />
        {messages.dataPermission}
      </label>
      <CardField
        id="username"
        label={messages.username}
        value={username}
        error={wrong['body.username']}
        onChange={setUsername}
        autoComplete="username"
      />
      <CardField
        id="password"
        label={messages.password}
        hint={messages.passwordHint}
        value={password}
        error={wrong['body.password'] && messages.passwordRefused}
        onChange={setPassword}
        type="password"
        autoComplete="new-password"
        minLength={minPasswordLength}
      />
    </CardPage>
  )
}

/** An ID that a name suggests: its letters of ASCII and digits; none for a name without them. */
function idOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

/** Errors of a field are shown below it. */
function said(error: unknown): string {
  return error instanceof ApiProblem && error.locations.length > 0 ? problemTitle(error) : problemText(error)
}
