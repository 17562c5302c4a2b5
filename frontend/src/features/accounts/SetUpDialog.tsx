import { useCallback, useRef, useState } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import type { NewTOTP, SecondFactor } from '../../model/api/types'
import { CodeField } from '../../model/factor/CodeField'
import { attemptsLeft, isOn, useBeginTotp, useConfirmTotp } from '../../model/factor/queries'
import { RecoveryCodes } from '../../model/factor/RecoveryCodes'
import { CopySecret, SecretCode, SecretText } from '../../model/factor/Secret'
import { useSession } from '../../model/session/session'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { FormDialog } from '../../ui/form/FormDialog'
import { Notice } from '../../ui/Notice'
import { useToast } from '../../ui/Toasts'
import { StepUpDialog } from './StepUpDialog'

interface Props {
  factor: SecondFactor
  onClose: () => void
}

/** Adds an authenticator app, or replaces it: who asks for it, the secret and its first code, the recovery codes. */
export function SetUpDialog({ factor, onClose }: Props) {
  const messages = useFactorMessages()
  const begin = useBeginTotp()
  const toast = useToast()
  const [codes, setCodes] = useState<string[]>()
  // The page changes behind the dialog once the app is in use.
  const [before] = useState(factor)
  const byCode = before.totp
  const title = byCode ? messages.replaceTitle : messages.setUpApp

  function confirmed(made: string[]) {
    toast(byCode ? messages.replaced : isOn(before) ? messages.appAdded : messages.turnedOn)
    if (made.length > 0) setCodes(made)
    else onClose()
  }
  if (codes) return <CodesDialog codes={codes} onClose={onClose} />
  if (begin.data) return <ConfirmDialog title={title} totp={begin.data} onConfirmed={confirmed} onClose={onClose} />
  return (
    <StepUpDialog
      byCode={byCode}
      title={title}
      text={byCode ? messages.replaceText : messages.setUpText}
      action={messages.next}
      error={begin.error}
      pending={begin.isPending}
      onProof={(proof) => begin.mutate(proof)}
      onClose={onClose}
    />
  )
}

interface ConfirmProps {
  title: string
  totp: NewTOTP
  onConfirmed: (codes: string[]) => void
  onClose: () => void
}

function ConfirmDialog({ title, totp, onConfirmed, onClose }: ConfirmProps) {
  const messages = useFactorMessages()
  const confirm = useConfirmTotp()
  const [code, setCode] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const left = attemptsLeft(confirm.error, 'code')

  function submit(typed: string) {
    if (confirm.isPending) return
    const onError = () => {
      setCode('')
      input.current?.focus()
    }
    confirm.mutate(typed, { onSuccess: onConfirmed, onError })
  }
  return (
    <FormDialog
      wide
      title={title}
      action={messages.turnOn}
      error={left === undefined ? confirm.error : undefined}
      pending={confirm.isPending}
      onSubmit={() => submit(code)}
      onClose={() => !confirm.isPending && onClose()} // the answer has the recovery codes
    >
      <div className="setup">
        <SecretCode uri={totp.uri} />
        <ol>
          <li>
            <span>{messages.scanOr}</span>
            <SecretText secret={totp.secret} />
            <CopySecret secret={totp.secret} />
          </li>
          <li>
            <span>{messages.enterDigits}</span>
            <CodeField
              ref={input}
              value={code}
              hint={messages.codeHint}
              error={left === undefined || code ? undefined : messages.wrongCode(left)}
              onChange={setCode}
              onComplete={submit}
            />
          </li>
        </ol>
      </div>
    </FormDialog>
  )
}

/** New recovery codes, which are shown once: closing it before they are kept asks. */
export function CodesDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const messages = useFactorMessages()
  const { username } = useSession()
  const [kept, setKept] = useState(false)
  const [asked, setAsked] = useState(false)
  const keep = useCallback(() => setKept(true), [])
  return (
    <Dialog
      firm
      title={messages.recoveryCodes}
      className="form-dialog form-narrow"
      onClose={() => (kept ? onClose() : setAsked(true))}
    >
      <div className="form-body">
        <p className="form-lead">{messages.codesText}</p>
        <RecoveryCodes username={username} codes={codes} kept={kept} onKept={keep} />
      </div>
      {asked && !kept && <Notice kind="error">{messages.notSaved}</Notice>}
      <footer className="form-foot">
        {asked && !kept && (
          <Button danger onClick={onClose}>
            {messages.leaveAnyway}
          </Button>
        )}
        <Button kind="primary" onClick={() => (kept ? onClose() : setAsked(true))}>
          {messages.done}
        </Button>
      </footer>
    </Dialog>
  )
}
