import { Button } from 'antd'
import { type FormEvent, useRef, useState } from 'react'
import { isProblem, problemText } from '../api/http'
import type { LocaleTag } from '../api/types'
import { useDocumentTitle } from '../frame/documentTitle'
import { useWords } from '../i18n/language'
import { Icon, Mark } from '../theme/Icon'
import { LanguageSwitch } from './LanguageSwitch'
import { useSignIn } from './queries'
import './session.css'

interface Props {
  ended: boolean
  onLanguage: (tag: LocaleTag) => void
}

/** Signing in. Where to go afterwards is the router's business: it shows this page only while nobody is signed in. */
export function SignInPage({ ended, onLanguage }: Props) {
  const words = useWords()
  const signIn = useSignIn()
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const passwordInput = useRef<HTMLInputElement>(null)
  useDocumentTitle(words.signInTitle)

  function submit(event: FormEvent) {
    event.preventDefault()
    signIn.mutate(
      { username, password },
      {
        onError: () => {
          setPassword('')
          passwordInput.current?.focus()
        },
      },
    )
  }

  return (
    <div className="page">
      <main className="card">
        <div className="mark">
          <Mark size={24} />
          oplog
        </div>
        <h1>{words.signIn}</h1>
        {ended && <p>{words.sessionEnded}</p>}
        <form onSubmit={submit}>
          {signIn.error && (
            <div className="card-error" role="alert">
              <Icon name="alert" />
              {isProblem(signIn.error, 401) ? words.wrongWords : words.signInFailed(problemText(signIn.error))}
            </div>
          )}
          <label htmlFor="username">{words.username}</label>
          <div className="field">
            <input
              id="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus
              required
              value={username}
              onChange={(event) => setUsername(event.target.value)}
            />
          </div>
          <label htmlFor="password">{words.password}</label>
          <div className="field">
            <input
              id="password"
              ref={passwordInput}
              type="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </div>
          <Button type="primary" htmlType="submit" size="large" block loading={signIn.isPending}>
            {words.signIn}
          </Button>
        </form>
      </main>
      <footer className="page-foot">
        <LanguageSwitch onChange={onLanguage} />
      </footer>
    </div>
  )
}
