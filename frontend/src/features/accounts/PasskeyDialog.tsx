import { useState } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import { PasskeyError } from '../../lib/passkey'
import { visibleText } from '../../lib/visible'
import type { Passkey, SecondFactor } from '../../model/api/types'
import {
  maxPasskeyName,
  suggestedName,
  useAddPasskey,
  useBeginPasskey,
  usePasskeyText,
  useRemovePasskey,
} from '../../model/factor/passkeys'
import { isOn } from '../../model/factor/queries'
import { fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { Notice } from '../../ui/Notice'
import { useToast } from '../../ui/Toasts'
import { CodesDialog } from './SetUpDialog'
import { StepUpDialog } from './StepUpDialog'

interface Props {
  factor: SecondFactor
  onClose: () => void
}

/** Adds a passkey: who asks for it, its name and the browser's own prompt, the recovery codes. */
export function PasskeyDialog({ factor, onClose }: Props) {
  const messages = useFactorMessages()
  const begin = useBeginPasskey()
  const toast = useToast()
  const [codes, setCodes] = useState<string[]>()
  // The page changes behind the dialog once the passkey is added.
  const [before] = useState(factor)

  function added(made: string[]) {
    toast(isOn(before) ? messages.passkeyAdded : messages.turnedOn)
    if (made.length > 0) setCodes(made)
    else onClose()
  }
  if (codes) return <CodesDialog codes={codes} onClose={onClose} />
  if (begin.data) return <CreateDialog options={begin.data} onAdded={added} onClose={onClose} />
  return (
    <StepUpDialog
      byCode={before.totp}
      title={messages.addPasskey}
      text={messages.addPasskeyText}
      action={messages.next}
      error={begin.error}
      pending={begin.isPending}
      onProof={(proof) => begin.mutate(proof)}
      onClose={onClose}
    />
  )
}

interface CreateProps {
  options: unknown
  onAdded: (codes: string[]) => void
  onClose: () => void
}

function CreateDialog({ options, onAdded, onClose }: CreateProps) {
  const messages = useFactorMessages()
  const add = useAddPasskey()
  const textOf = usePasskeyText()
  const [name, setName] = useState(suggestedName)
  const byBrowser = add.error instanceof PasskeyError
  const wrongName = fieldError(add.error, 'name')

  function submit() {
    const onError = (error: unknown) => {
      if (error instanceof PasskeyError && error.fault === 'stopped') onClose()
    }
    add.mutate({ name: name.trim(), options }, { onSuccess: onAdded, onError })
  }
  return (
    <FormDialog
      title={messages.addPasskey}
      action={messages.createPasskey}
      error={byBrowser || wrongName ? undefined : add.error}
      pending={add.isPending}
      onSubmit={submit}
      onClose={() => (add.isPending ? add.stop() : onClose())} // once it is sent, the answer may have recovery codes
    >
      <p className="form-lead">{messages.namePasskey}</p>
      <TextField
        label={messages.passkeyName}
        hint={messages.passkeyNameHint}
        required
        maxLength={maxPasskeyName}
        error={wrongName}
        value={name}
        onChange={setName}
      />
      {byBrowser && <Notice kind="error">{textOf(add.error)}</Notice>}
    </FormDialog>
  )
}

/** Removes a passkey, which may be the last second factor. */
export function RemovePasskeyDialog({ factor, passkey, onClose }: Props & { passkey: Passkey }) {
  const messages = useFactorMessages()
  const remove = useRemovePasskey()
  const toast = useToast()
  const name = visibleText(passkey.name)
  const [last] = useState(!factor.totp && factor.passkeys.length === 1) // as long as the dialog is open

  function done() {
    toast(messages.passkeyRemoved)
    onClose()
  }
  return (
    <StepUpDialog
      danger
      byCode={factor.totp}
      title={messages.removePasskeyTitle}
      text={last ? messages.removeLastPasskeyText(name) : messages.removePasskeyText(name)}
      action={messages.remove}
      error={remove.error}
      pending={remove.isPending}
      onProof={(proof) => remove.mutate({ id: passkey.id, proof }, { onSuccess: done })}
      onClose={onClose}
    />
  )
}
