import { useState } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import type { StepUp } from '../../model/api/types'
import { CodeField } from '../../model/factor/CodeField'
import { attemptsLeft } from '../../model/factor/queries'
import { fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'

interface Props {
  title: string
  text: string
  action: string
  danger?: boolean
  /** Whether the person has an authenticator app. */
  byCode: boolean
  error: unknown
  pending: boolean
  onProof: (proof: StepUp) => void
  onClose: () => void
}

/** Asks, before the second factor changes, for a code or the password: to confirm that it is still the same person. */
export function StepUpDialog({ title, text, action, danger = false, byCode, error, pending, onProof, onClose }: Props) {
  const messages = useFactorMessages()
  const [withCode, setWithCode] = useState(byCode)
  const [code, setCode] = useState('')
  const [password, setPassword] = useState('')
  const left = attemptsLeft(error, 'code')
  const wrongPassword = fieldError(error, 'password')
  // It stands until another code is typed.
  const wrongCode = left !== undefined && !code ? messages.wrongCode(left) : undefined

  function send(proof: StepUp) {
    if (pending) return
    setCode('')
    onProof(proof)
  }
  return (
    <FormDialog
      danger={danger}
      title={title}
      action={action}
      error={left !== undefined || wrongPassword ? undefined : error}
      pending={pending}
      onSubmit={() => send(withCode ? { code } : { password })}
      onClose={() => !pending && onClose()} // what is under way may answer with recovery codes
    >
      <p className="form-lead">{text}</p>
      {withCode ? (
        <CodeField
          value={code}
          error={wrongCode}
          hint={messages.confirmYou}
          onChange={setCode}
          onComplete={(typed) => send({ code: typed })}
        />
      ) : (
        <TextField
          label={messages.yourPassword}
          type="password"
          autoComplete="current-password"
          required
          maxLength={1024}
          hint={messages.confirmYou}
          error={wrongPassword && messages.wrongPassword}
          value={password}
          onChange={setPassword}
        />
      )}
      {byCode && (
        <button type="button" className="link step-other" onClick={() => setWithCode(!withCode)}>
          {withCode ? messages.usePassword : messages.useCode}
        </button>
      )}
    </FormDialog>
  )
}
