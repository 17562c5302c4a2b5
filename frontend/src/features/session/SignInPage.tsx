import { useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useLanguage } from '../../i18n/language'
import { useSessionMessages } from '../../i18n/sessionMessages'
import { ApiProblem, isProblem, problemText } from '../../lib/problem'
import { CardField, CardPage } from './CardPage'
import { DirectoryChoice, ProviderButtons } from './Providers'
import { useProviders, useSignIn } from './queries'

interface Props {
  ended: boolean
  onLanguage: (tag: LocaleTag) => void
}

/** Signing in. Where to go afterwards is the router's business: it shows this page only while nobody is signed in. */
export default function SignInPage({ ended, onLanguage }: Props) {
  const { tag } = useLanguage()
  const messages = useSessionMessages()
  const signIn = useSignIn()
  const providers = useProviders()
  const failure = useProviderFailure(providers)
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [source, setSource] = useState('')
  const passwordInput = useRef<HTMLInputElement>(null)
  const entered = { username, password, locale: tag, ...(source && { source }) }

  function refused() {
    setPassword('')
    passwordInput.current?.focus()
  }

  function again() {
    signIn.reset()
    failure.forget()
  }

  if (failure.code === 'not-allowed' || isNotAllowed(signIn.error)) {
    return <NotAllowed onAgain={again} onLanguage={onLanguage} />
  }
  const known = isProblem(signIn.error, 401) ? messages.wrongCredentials : undefined
  const error = signIn.error ? (known ?? messages.signInFailed(problemText(signIn.error))) : failure.text
  return (
    <CardPage
      title={messages.signIn}
      note={ended ? messages.sessionEnded : undefined}
      error={error}
      action={messages.signIn}
      pending={signIn.isPending}
      onSubmit={() => signIn.mutate(entered, { onError: refused })}
      onLanguage={onLanguage}
      aside={<ProviderButtons providers={providers} />}
    >
      <DirectoryChoice providers={providers} value={source} onChange={setSource} />
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

/** What somebody reads whom a source knows, and who may not use the log: no more than that. */
function NotAllowed({ onAgain, onLanguage }: { onAgain: () => void; onLanguage: (tag: LocaleTag) => void }) {
  const messages = useSessionMessages()
  return (
    <CardPage
      title={messages.notAllowed}
      note={messages.notAllowedText}
      error={undefined}
      action={messages.backToSignIn}
      pending={false}
      focused
      onSubmit={onAgain}
      onLanguage={onLanguage}
    />
  )
}

function isNotAllowed(error: unknown): boolean {
  return error instanceof ApiProblem && error.reason === 'no-rule'
}

/** Why a sign-in at a provider failed, as the server says it in the address of this page. */
function useProviderFailure(providers: { name: string; title: string }[]) {
  const messages = useSessionMessages()
  const [search, setSearch] = useSearchParams()
  const code = search.get('error')
  const source = search.get('source') ?? ''
  const title = providers.find(({ name }) => name === source)?.title ?? source
  const texts: Record<string, (title: string) => string> = messages.providerFailures
  const next = search.get('next')
  return {
    code,
    text: code ? (texts[code] ?? messages.providerFailures.failed)(title) : undefined,
    forget: () => setSearch(next ? { next } : {}, { replace: true }),
  }
}
