import { useRef, useState } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useLanguage } from '../../i18n/language'
import { useSessionWords } from '../../i18n/sessionWords'
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
  const words = useSessionWords()
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
      title={words.signIn}
      note={ended ? words.sessionEnded : undefined}
      error={
        signIn.error
          ? isProblem(signIn.error, 401)
            ? words.wrongWords
            : words.signInFailed(problemText(signIn.error))
          : undefined
      }
      action={words.signIn}
      pending={signIn.isPending}
      onSubmit={() => signIn.mutate({ username, password, locale: tag }, { onError: refused })}
      onLanguage={onLanguage}
    >
      <CardField
        id="username"
        label={words.username}
        autoComplete="username"
        autoFocus
        value={username}
        onChange={setUsername}
      />
      <CardField
        ref={passwordInput}
        id="password"
        label={words.password}
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
      />
    </CardPage>
  )
}
