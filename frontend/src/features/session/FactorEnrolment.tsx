import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useFactorMessages } from '../../i18n/factorMessages'
import { problemText } from '../../lib/problem'
import { queryKeys } from '../../model/api/queryKeys'
import type { NewTOTP } from '../../model/api/types'
import { CodeField } from '../../model/factor/CodeField'
import { attemptsLeft, useBeginTotp, useConfirmTotp } from '../../model/factor/queries'
import { RecoveryCodes } from '../../model/factor/RecoveryCodes'
import { CopySecret, SecretCode, SecretText } from '../../model/factor/Secret'
import { Button } from '../../ui/Button'
import { Notice } from '../../ui/Notice'
import { CardPage } from './CardPage'
import { PasskeyEnrolment } from './PasskeySteps'
import { StepAside } from './StepAside'

interface StepProps {
  onLanguage: (tag: LocaleTag) => void
}

interface Props extends StepProps {
  username: string
  /** Whether the browser has passkeys at this address. */
  passkeys: boolean
}

/** Adds the second factor that an account must have: an authenticator app or a passkey. */
export function FactorEnrolment({ username, passkeys, onLanguage }: Props) {
  const messages = useFactorMessages()
  const begin = useBeginTotp()
  const [withPasskey, setWithPasskey] = useState(false)
  const [codes, setCodes] = useState<string[]>()

  if (codes) return <Codes username={username} codes={codes} onLanguage={onLanguage} />
  if (withPasskey)
    return <PasskeyEnrolment onLanguage={onLanguage} onAdded={setCodes} onApp={() => setWithPasskey(false)} />
  if (begin.data) return <AppEnrolment totp={begin.data} onLanguage={onLanguage} onAdded={setCodes} />
  return (
    <CardPage
      title={messages.secondFactor}
      note={passkeys ? messages.mustSetUpEither : messages.mustSetUp}
      error={begin.error ? messages.notTurnedOn(problemText(begin.error)) : undefined}
      action={passkeys ? messages.setUpApp : messages.setUp}
      pending={begin.isPending}
      onSubmit={() => begin.mutate({})}
      onLanguage={onLanguage}
      other={
        passkeys && (
          <Button size="large" block className="card-other" onClick={() => setWithPasskey(true)}>
            {messages.addPasskey}
          </Button>
        )
      }
      aside={<StepAside />}
    />
  )
}

interface AppProps extends StepProps {
  totp: NewTOTP
  onAdded: (codes: string[]) => void
}

function AppEnrolment({ totp, onLanguage, onAdded }: AppProps) {
  const messages = useFactorMessages()
  const confirm = useConfirmTotp()
  const [code, setCode] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const left = attemptsLeft(confirm.error, 'code')

  function submit(code: string) {
    if (confirm.isPending) return
    const onError = () => {
      setCode('')
      input.current?.focus()
    }
    confirm.mutate(code, { onSuccess: onAdded, onError })
  }
  return (
    <CardPage
      title={messages.setUpApp}
      note={messages.scan}
      error={confirm.error && left === undefined ? messages.notTurnedOn(problemText(confirm.error)) : undefined}
      action={messages.turnOn}
      pending={confirm.isPending}
      onSubmit={() => submit(code)}
      onLanguage={onLanguage}
      aside={<StepAside />}
    >
      <SecretCode uri={totp.uri} />
      <p className="secret">
        <SecretText secret={totp.secret} />
      </p>
      <div className="card-center">
        <CopySecret secret={totp.secret} />
      </div>
      <CodeField
        ref={input}
        autoFocus
        value={code}
        hint={messages.codeHint}
        error={left === undefined || code ? undefined : messages.wrongCode(left)}
        onChange={setCode}
        onComplete={submit}
      />
    </CardPage>
  )
}

function Codes({ username, codes, onLanguage }: StepProps & { username: string; codes: string[] }) {
  const messages = useFactorMessages()
  const client = useQueryClient()
  const [kept, setKept] = useState(false)
  const [asked, setAsked] = useState(false)
  const keep = useCallback(() => setKept(true), [])
  const leave = () => client.invalidateQueries({ queryKey: queryKeys.session })
  return (
    <CardPage
      title={messages.recoveryCodes}
      note={messages.codesText}
      error={undefined}
      action={asked && !kept ? messages.leaveAnyway : messages.continue}
      pending={false}
      onSubmit={() => (kept || asked ? leave() : setAsked(true))}
      onLanguage={onLanguage}
    >
      <RecoveryCodes username={username} codes={codes} kept={kept} onKept={keep} />
      {asked && !kept && <Notice kind="error">{messages.notSaved}</Notice>}
    </CardPage>
  )
}
