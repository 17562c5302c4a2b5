import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useFactorWords } from '../../i18n/factorWords'
import { problemText } from '../../lib/problem'
import { queryKeys } from '../../model/api/queryKeys'
import type { Session } from '../../model/api/types'
import { CodeField } from '../../model/factor/CodeField'
import { attemptsLeft, useBeginTotp, useConfirmTotp, useFinishSignIn } from '../../model/factor/queries'
import { RecoveryCodes } from '../../model/factor/RecoveryCodes'
import { CopySecret, SecretCode, SecretText } from '../../model/factor/Secret'
import { useSignOut } from '../../model/session/queries'
import { Notice } from '../../ui/Notice'
import { CardField, CardPage } from './CardPage'

interface Props {
  session: Session
  onLanguage: (tag: LocaleTag) => void
}

/** The step of a sign-in after the password: proves the second factor, or adds one where the account needs it. */
export default function SecondFactorPage({ session, onLanguage }: Props) {
  const [recovering, setRecovering] = useState(false)
  const step = session.second_factor
  if (step?.enroll) return <Enrolment username={session.username} onLanguage={onLanguage} />
  const app = step?.methods.includes('totp')
  if (recovering || !app) return <Recovery onLanguage={onLanguage} onApp={app && (() => setRecovering(false))} />
  const offered = step?.methods.includes('recovery_code')
  return <Code onLanguage={onLanguage} onRecovery={offered && (() => setRecovering(true))} />
}

interface StepProps {
  onLanguage: (tag: LocaleTag) => void
}

function Code({ onLanguage, onRecovery }: StepProps & { onRecovery: (() => void) | undefined | false }) {
  const words = useFactorWords()
  const finish = useFinishSignIn()
  const [code, setCode] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const left = attemptsLeft(finish.error, 'code')

  function submit(code: string) {
    if (finish.isPending) return
    const onError = () => {
      setCode('')
      input.current?.focus()
    }
    finish.mutate({ code }, { onError })
  }
  return (
    <CardPage
      title={words.secondFactor}
      note={words.enterCode}
      error={finish.error && left === undefined ? words.signInFailed(problemText(finish.error)) : undefined}
      action={words.signIn}
      pending={finish.isPending}
      onSubmit={() => submit(code)}
      onLanguage={onLanguage}
      aside={
        <Aside>
          {onRecovery && (
            <button type="button" className="link" onClick={onRecovery}>
              {words.useRecovery}
            </button>
          )}
        </Aside>
      }
    >
      <CodeField
        ref={input}
        autoFocus
        value={code}
        hint={words.codeHint}
        error={left === undefined || code ? undefined : words.wrongCode(left)}
        onChange={setCode}
        onComplete={submit}
      />
    </CardPage>
  )
}

function Recovery({ onLanguage, onApp }: StepProps & { onApp: (() => void) | undefined | false }) {
  const words = useFactorWords()
  const finish = useFinishSignIn()
  const [code, setCode] = useState('')
  const left = attemptsLeft(finish.error, 'recovery_code')
  return (
    <CardPage
      title={words.recoveryCode}
      note={words.recoveryText}
      error={
        finish.error
          ? left === undefined
            ? words.signInFailed(problemText(finish.error))
            : words.wrongCode(left)
          : undefined
      }
      action={words.signIn}
      pending={finish.isPending}
      onSubmit={() => finish.mutate({ recovery_code: code })}
      onLanguage={onLanguage}
      aside={
        <Aside>
          {onApp && (
            <button type="button" className="link" onClick={onApp}>
              {words.useApp}
            </button>
          )}
        </Aside>
      }
    >
      <CardField
        id="recovery-code"
        label={words.recoveryCode}
        hint={words.recoveryHint}
        mono
        autoFocus
        value={code}
        onChange={setCode}
      />
    </CardPage>
  )
}

function Enrolment({ username, onLanguage }: StepProps & { username: string }) {
  const words = useFactorWords()
  const begin = useBeginTotp()
  const confirm = useConfirmTotp()
  const [code, setCode] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const left = attemptsLeft(confirm.error, 'code')
  const failure = begin.error ?? (left === undefined ? confirm.error : null)
  const error = failure ? words.notTurnedOn(problemText(failure)) : undefined

  if (confirm.data) return <Codes username={username} codes={confirm.data} onLanguage={onLanguage} />
  if (!begin.data)
    return (
      <CardPage
        title={words.secondFactor}
        note={words.mustSetUp}
        error={error}
        action={words.setUp}
        pending={begin.isPending}
        onSubmit={() => begin.mutate({})}
        onLanguage={onLanguage}
        aside={<Aside />}
      />
    )

  function submit(code: string) {
    if (confirm.isPending) return
    const onError = () => {
      setCode('')
      input.current?.focus()
    }
    confirm.mutate(code, { onError })
  }
  return (
    <CardPage
      title={words.setUpApp}
      note={words.scan}
      error={error}
      action={words.turnOn}
      pending={confirm.isPending}
      onSubmit={() => submit(code)}
      onLanguage={onLanguage}
      aside={<Aside />}
    >
      <SecretCode uri={begin.data.uri} />
      <p className="secret">
        <SecretText secret={begin.data.secret} />
      </p>
      <div className="card-center">
        <CopySecret secret={begin.data.secret} />
      </div>
      <CodeField
        ref={input}
        autoFocus
        value={code}
        hint={words.codeHint}
        error={left === undefined || code ? undefined : words.wrongCode(left)}
        onChange={setCode}
        onComplete={submit}
      />
    </CardPage>
  )
}

function Codes({ username, codes, onLanguage }: StepProps & { username: string; codes: string[] }) {
  const words = useFactorWords()
  const client = useQueryClient()
  const [kept, setKept] = useState(false)
  const [asked, setAsked] = useState(false)
  const keep = useCallback(() => setKept(true), [])
  const leave = () => client.invalidateQueries({ queryKey: queryKeys.session })
  return (
    <CardPage
      title={words.recoveryCodes}
      note={words.codesText}
      error={undefined}
      action={asked && !kept ? words.leaveAnyway : words.continue}
      pending={false}
      onSubmit={() => (kept || asked ? leave() : setAsked(true))}
      onLanguage={onLanguage}
    >
      <RecoveryCodes username={username} codes={codes} kept={kept} onKept={keep} />
      {asked && !kept && <Notice kind="error">{words.notSaved}</Notice>}
    </CardPage>
  )
}

/** Other ways to go on, and back to the name and the password. */
function Aside({ children }: { children?: React.ReactNode }) {
  const words = useFactorWords()
  const signOut = useSignOut()
  return (
    <div className="card-tools">
      <span>{children}</span>
      <button type="button" className="link" onClick={() => signOut.mutate()}>
        {words.startAgain}
      </button>
    </div>
  )
}
