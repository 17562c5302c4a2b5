import { useRef, useState } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useLanguage } from '../../i18n/language'
import { useSessionMessages } from '../../i18n/sessionMessages'
import { isProblem, problemText } from '../../lib/problem'
import { CardField, CardPage } from './CardPage'
import { useSignIn } from './queries'

interface Props {
  ended: boolean
  onLanguage: (tag: LocaleTag) => void
}

/** Signing in. Where to go afterwards is the router's business: it shows this page only while nobody is signed in. */
export default function SignInPage({ ended, onLanguage }: Props) {
  const { tag } = useLanguage()
  const messages = useSessionMessages()
  const signIn = useSignIn()
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const passwordInput = useRef<HTMLInputElement>(null)

  function refused() {
    setPassword('')
    passwordInput.current?.focus()
  }

  return (
    <CardPage
      title={messages.signIn}
      note={ended ? messages.sessionEnded : undefined}
      error={
        signIn.error
          ? isProblem(signIn.error, 401)
            ? messages.wrongCredentials
            : messages.signInFailed(problemText(signIn.error))
          : undefined
      }
      action={messages.signIn}
      pending={signIn.isPending}
      onSubmit={() => signIn.mutate({ username, password, locale: tag }, { onError: refused })}
      onLanguage={onLanguage}
    >
      <CardField
        id="username"
        label={messages.username}
        autoComplete="username"
        autoFocus
        value={username}
        onChange={setUsername}
      />
      <CardField
        ref={passwordInput}
        id="password"
        label={messages.password}
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
      />
    </CardPage>
  )
}
