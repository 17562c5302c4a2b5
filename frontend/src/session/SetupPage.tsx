import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { problemText } from '../api/http'
import type { LocaleTag } from '../api/types'
import { useDocumentTitle } from '../frame/documentTitle'
import { useWords } from '../i18n/language'
import { Icon, Mark } from '../theme/Icon'
import { LanguageSwitch } from './LanguageSwitch'
import { useSetUp } from './queries'
import './session.css'

/** The code that the program printed and opened the page with; it stands in the fragment, which no server sees. */
export const setupCode = new URLSearchParams(window.location.hash.slice(1)).get('setup')

/** The first run: makes the first owner and the first tenant, and signs the owner in. */
export function SetupPage({
  code,
  locale,
  onLanguage,
}: {
  code: string
  locale: LocaleTag
  onLanguage: (tag: LocaleTag) => void
}) {
  const words = useWords()
  const setUp = useSetUp()
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [name, setName] = useState('')
  const [id, setId] = useState('')
  const [zone, setZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [permission, setPermission] = useState(false)
  useDocumentTitle(words.setupTitle)

  function submit(event: FormEvent) {
    event.preventDefault()
    const tenant = { id, name, time_zone: zone, data_permission: permission }
    setUp.mutate({ code, username, password, locale, tenant, keyName: words.firstKey })
  }

  return (
    <div className="page">
      <main className="card">
        <div className="mark">
          <Mark size={24} />
          oplog
        </div>
        <h1>{words.setupTitle}</h1>
        <p>{words.setupText}</p>
        <form onSubmit={submit}>
          {setUp.error && (
            <div className="card-error" role="alert">
              <Icon name="alert" />
              {words.setupFailed(problemText(setUp.error))}
            </div>
          )}
          <Field id="tenant-name" label={words.tenantName} value={name} onChange={setName} />
          <Field
            id="tenant-id"
            label={words.tenantId}
            value={id}
            onChange={setId}
            pattern="[A-Za-z0-9][A-Za-z0-9._-]*"
          />
          <Field id="time-zone" label={words.timeZone} value={zone} onChange={setZone} />
          <label className="card-check">
            <input type="checkbox" checked={permission} onChange={(event) => setPermission(event.target.checked)} />
            {words.dataPermission}
          </label>
          <Field id="username" label={words.username} value={username} onChange={setUsername} autoComplete="username" />
          <Field
            id="password"
            label={words.password}
            value={password}
            onChange={setPassword}
            type="password"
            autoComplete="new-password"
            minLength={8}
          />
          <Button type="primary" htmlType="submit" size="large" block loading={setUp.isPending}>
            {words.setUp}
          </Button>
        </form>
      </main>
      <footer className="page-foot">
        <LanguageSwitch onChange={onLanguage} />
      </footer>
    </div>
  )
}

interface FieldProps {
  id: string
  label: string
  value: string
  onChange: (value: string) => void
  type?: string
  pattern?: string
  minLength?: number
  autoComplete?: string
}

function Field({ id, label, value, onChange, type = 'text', autoComplete = 'off', ...rules }: FieldProps) {
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <div className="field">
        <input
          id={id}
          type={type}
          autoComplete={autoComplete}
          autoCapitalize="none"
          spellCheck={false}
          required
          value={value}
          onChange={(event) => onChange(event.target.value)}
          {...rules}
        />
      </div>
    </>
  )
}
