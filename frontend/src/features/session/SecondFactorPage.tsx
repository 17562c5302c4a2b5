import { type RefObject, useRef, useState } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useFactorMessages } from '../../i18n/factorMessages'
import { problemText } from '../../lib/problem'
import type { Session } from '../../model/api/types'
import { CodeField } from '../../model/factor/CodeField'
import { usePasskeySignIn, usePasskeyText } from '../../model/factor/passkeys'
import { attemptsLeft, useFinishSignIn } from '../../model/factor/queries'
import { Button } from '../../ui/Button'
import { CardField, CardPage } from './CardPage'
import { FactorEnrolment } from './FactorEnrolment'
import { NoStep, PasskeyStep } from './PasskeySteps'
import { StepAside } from './StepAside'

interface Props {
  session: Session
  onLanguage: (tag: LocaleTag) => void
}

/** The step of a sign-in after the password: proves the second factor, or adds one where the account needs it. */
export default function SecondFactorPage({ session, onLanguage }: Props) {
  const [recovering, setRecovering] = useState(false)
  const step = session.second_factor
  const offered = (method: 'totp' | 'passkey' | 'recovery_code') => step?.methods.includes(method) ?? false
  const [app, passkey, recovery] = [offered('totp'), offered('passkey'), offered('recovery_code')]
  if (step?.enroll) return <FactorEnrolment username={session.username} passkeys={passkey} onLanguage={onLanguage} />
  if (recovery && (recovering || !(app || passkey))) {
    const back = app ? 'app' : passkey ? 'passkey' : undefined
    return <Recovery back={back} onBack={() => setRecovering(false)} onLanguage={onLanguage} />
  }
  const onRecovery = recovery ? () => setRecovering(true) : undefined
  if (app) return <Code passkey={passkey} onRecovery={onRecovery} onLanguage={onLanguage} />
  if (passkey) return <PasskeyStep onRecovery={onRecovery} onLanguage={onLanguage} />
  return <NoStep onLanguage={onLanguage} />
}

interface StepProps {
  onLanguage: (tag: LocaleTag) => void
}

interface CodeProps extends StepProps {
  /** Whether a passkey does, too. */
  passkey: boolean
  onRecovery: (() => void) | undefined
}

function Code({ passkey: offered, onRecovery, onLanguage }: CodeProps) {
  const messages = useFactorMessages()
  const input = useRef<HTMLInputElement>(null)
  const { code, setCode, left, failure, pending, submit, submitPasskey } = useCodeStep(input)
  return (
    <CardPage
      title={messages.secondFactor}
      note={messages.enterCode}
      error={failure ? messages.signInFailed(failure) : undefined}
      action={messages.signIn}
      pending={pending.code}
      onSubmit={() => submit(code)}
      onLanguage={onLanguage}
      other={
        offered && (
          <Button size="large" block className="card-other" pending={pending.passkey} onClick={submitPasskey}>
            {messages.usePasskeyInstead}
          </Button>
        )
      }
      aside={
        <StepAside>
          {onRecovery && (
            <button type="button" className="link" onClick={onRecovery}>
              {messages.useRecovery}
            </button>
          )}
        </StepAside>
      }
    >
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

/** The code as typed, and both ways to finish the sign-in; an attempt in one clears the error of the other. */
function useCodeStep(input: RefObject<HTMLInputElement | null>) {
  const finish = useFinishSignIn()
  const passkey = usePasskeySignIn()
  const textOf = usePasskeyText()
  const [code, setCode] = useState('')
  const left = attemptsLeft(finish.error, 'code')

  function submit(code: string) {
    if (finish.isPending) return
    const onError = () => {
      setCode('')
      input.current?.focus()
    }
    passkey.reset()
    finish.mutate({ code }, { onError })
  }
  function submitPasskey() {
    finish.reset()
    passkey.mutate()
  }

  return {
    code,
    setCode,
    /** How many attempts are left after a wrong code. */
    left,
    failure: passkey.error ? textOf(passkey.error) : finish.error && left === undefined && problemText(finish.error),
    pending: { code: finish.isPending, passkey: passkey.isPending },
    submit,
    submitPasskey,
  }
}

interface RecoveryProps extends StepProps {
  /** What does in place of a recovery code; nothing where all passkeys are of other addresses. */
  back: 'app' | 'passkey' | undefined
  onBack: () => void
}

function Recovery({ back, onBack, onLanguage }: RecoveryProps) {
  const messages = useFactorMessages()
  const finish = useFinishSignIn()
  const [code, setCode] = useState('')
  const left = attemptsLeft(finish.error, 'recovery_code')
  return (
    <CardPage
      title={messages.recoveryCode}
      note={back ? messages.recoveryText : messages.recoveryHere}
      error={
        finish.error
          ? left === undefined
            ? messages.signInFailed(problemText(finish.error))
            : messages.wrongCode(left)
          : undefined
      }
      action={messages.signIn}
      pending={finish.isPending}
      onSubmit={() => finish.mutate({ recovery_code: code })}
      onLanguage={onLanguage}
      aside={
        <StepAside>
          {back && (
            <button type="button" className="link" onClick={onBack}>
              {back === 'app' ? messages.useApp : messages.usePasskeyInstead}
            </button>
          )}
        </StepAside>
      }
    >
      <CardField
        id="recovery-code"
        label={messages.recoveryCode}
        hint={messages.recoveryHint}
        mono
        autoFocus
        value={code}
        onChange={setCode}
      />
    </CardPage>
  )
}
