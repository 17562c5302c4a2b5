import { useState } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useSessionMessages } from '../../i18n/sessionMessages'
import { minPasswordLength } from '../../lib/password'
import { ApiProblem, problemText } from '../../lib/problem'
import { useChangePassword, useSignOut } from '../../model/session/queries'
import { CardField, CardPage } from './CardPage'

interface Props {
  username: string
  onLanguage: (tag: LocaleTag) => void
}

/** For an account whose password somebody else set: it needs one of its own before anything else. */
export default function PasswordPage({ username, onLanguage }: Props) {
  const messages = useSessionMessages()
  const change = useChangePassword()
  const signOut = useSignOut()
  const [old, setOld] = useState('')
  const [password, setPassword] = useState('')
  const wrong = change.error instanceof ApiProblem ? change.error.fields : {}
  const isField = Boolean(wrong['body.password'] || wrong['body.old_password'])
  const error = change.error && !isField ? problemText(change.error) : signOut.error && problemText(signOut.error)

  return (
    <CardPage
      title={messages.choosePassword}
      note={messages.choosePasswordText(username)}
      error={error ? messages.passwordNotChanged(error) : undefined}
      action={messages.changePassword}
      pending={change.isPending}
      onSubmit={() => change.mutate({ password, old_password: old })}
      onLanguage={onLanguage}
    >
      <input type="hidden" autoComplete="username" value={username} />
      <CardField
        id="old-password"
        label={messages.oldPassword}
        type="password"
        autoComplete="current-password"
        autoFocus
        value={old}
        error={wrong['body.old_password'] && messages.oldPasswordWrong}
        onChange={setOld}
      />
      <CardField
        id="new-password"
        label={messages.ownNewPassword}
        hint={messages.passwordHint}
        type="password"
        autoComplete="new-password"
        minLength={minPasswordLength}
        value={password}
        error={wrong['body.password'] && messages.passwordRefused}
        onChange={setPassword}
      />
      <button type="button" className="link card-aside" onClick={() => signOut.mutate()}>
        {messages.signOut}
      </button>
    </CardPage>
  )
}
