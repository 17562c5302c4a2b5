import { useId, useState } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useFormMessages } from '../../i18n/formMessages'
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
  const form = useSetupForm(locale)
  const { values, set, error } = form
  const refusesCode = isProblem(error, 403)
  const fields = { values, set, wrong: error instanceof ApiProblem ? error.fields : {} }
  return (
    <CardPage
      wide
      title={messages.setupTitle}
      note={messages.setupText}
      error={error ? messages.setupFailed(refusesCode ? messages.setupCodeNeeded : said(error)) : undefined}
      action={messages.setUp}
      pending={form.pending}
      onSubmit={form.submit}
      onLanguage={onLanguage}
    >
      {form.asksCode && (
        <CardField
          id="setup-code"
          label={messages.setupCode}
          hint={messages.setupCodeHint}
          autoFocus={!setupCode}
          value={values.code}
          error={refusesCode ? messages.setupCodeWrong : undefined}
          onChange={(code) => set({ code })}
        />
      )}
      <TenantFields {...fields} />
      <OwnerFields {...fields} />
    </CardPage>
  )
}

interface Values {
  code: string
  /** Of the tenant. */
  name: string
  /** Of the tenant; follows from its name until it is typed. */
  id: string | undefined
  zone: string
  permission: boolean
  username: string
  password: string
}

/** The values of the form, and how it is sent. */
function useSetupForm(locale: LocaleTag) {
  const messages = useSessionMessages()
  const setUp = useSetUp()
  const [values, setValues] = useState<Values>({
    code: setupCode ?? '',
    name: '',
    id: undefined,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    permission: false,
    username: '',
    password: '',
  })
  // If the code in the URL is rejected, a field asks for the current one.
  const [asksCode, setAsksCode] = useState(!setupCode)
  const set = (some: Partial<Values>) => setValues((before) => ({ ...before, ...some }))

  function submit() {
    const { code, name, zone, permission, username, password } = values
    const tenant = { id: idOf(values), name, time_zone: zone, data_permission: permission }
    const onError = (error: unknown) => {
      if (!isProblem(error, 403)) return
      if (!asksCode) set({ code: '' })
      setAsksCode(true)
    }
    setUp.mutate({ code: code.trim(), username, password, locale, tenant, keyName: messages.firstKey }, { onError })
  }
  return { values, set, asksCode, error: setUp.error, pending: setUp.isPending, submit }
}

interface FieldsProps {
  values: Values
  set: (some: Partial<Values>) => void
  /** The server's errors of fields. */
  wrong: Record<string, string>
}

function TenantFields({ values, set, wrong }: FieldsProps) {
  const messages = useSessionMessages()
  const { fieldErrors } = useFormMessages()
  const zones = useId()
  return (
    <>
      <CardField
        id="tenant-name"
        label={messages.tenantName}
        hint={messages.tenantNameHint}
        autoFocus={Boolean(setupCode)}
        value={values.name}
        error={wrong['body.tenant.name']}
        onChange={(name) => set({ name })}
      />
      <CardField
        id="tenant-id"
        label={messages.tenantId}
        hint={messages.tenantIdHint}
        value={idOf(values)}
        error={wrong['body.tenant.id']}
        onChange={(id) => set({ id })}
        pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
        shape={fieldErrors.id}
      />
      <CardField
        id="time-zone"
        label={messages.timeZone}
        list={zones}
        value={values.zone}
        error={wrong['body.tenant.time_zone']}
        onChange={(zone) => set({ zone })}
      />
      <datalist id={zones}>
        {Intl.supportedValuesOf('timeZone').map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <label className="card-check">
        <input
          type="checkbox"
          checked={values.permission}
          onChange={(event) => set({ permission: event.target.checked })}
        />
        {messages.dataPermission}
      </label>
    </>
  )
}

function OwnerFields({ values, set, wrong }: FieldsProps) {
  const messages = useSessionMessages()
  return (
    <>
      <CardField
        id="username"
        label={messages.username}
        value={values.username}
        error={wrong['body.username']}
        onChange={(username) => set({ username })}
        autoComplete="username"
      />
      <CardField
        id="password"
        label={messages.password}
        hint={messages.passwordHint}
        value={values.password}
        error={wrong['body.password'] && messages.passwordRefused}
        onChange={(password) => set({ password })}
        type="password"
        autoComplete="new-password"
        minLength={minPasswordLength}
      />
    </>
  )
}

/** The ID of the tenant: as typed, or the one that its name suggests. */
function idOf({ id, name }: Values): string {
  return id ?? suggestedId(name)
}

/** An ID that a name suggests: its letters of ASCII and digits; none for a name without them. */
function suggestedId(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

/** Errors of a field are shown below it. */
function said(error: unknown): string {
  return error instanceof ApiProblem && error.locations.length > 0 ? problemTitle(error) : problemText(error)
}
