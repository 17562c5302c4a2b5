import { useState } from 'react'
import { useSessionMessages } from '../../i18n/sessionMessages'
import { minPasswordLength } from '../../lib/password'
import { useChangePassword } from '../../model/session/queries'
import { fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { useToast } from '../../ui/Toasts'

/** Changes the password of the person signed in. */
export default function OwnPasswordDialog({ onClose }: { onClose: () => void }) {
  const messages = useSessionMessages()
  const change = useChangePassword()
  const toast = useToast()
  const [old, setOld] = useState('')
  const [password, setPassword] = useState('')
  const wrongOld = fieldError(change.error, 'old_password')
  const refused = fieldError(change.error, 'password')

  function done() {
    toast(messages.passwordChanged)
    onClose()
  }
  return (
    <FormDialog
      title={messages.changePassword}
      action={messages.changePassword}
      error={wrongOld || refused ? undefined : change.error}
      pending={change.isPending}
      onSubmit={() => change.mutate({ password, old_password: old }, { onSuccess: done })}
      onClose={onClose}
    >
      <TextField
        label={messages.oldPassword}
        type="password"
        autoComplete="current-password"
        required
        maxLength={1024}
        error={wrongOld && messages.oldPasswordWrong}
        value={old}
        onChange={setOld}
      />
      <TextField
        label={messages.ownNewPassword}
        hint={messages.passwordHint}
        type="password"
        autoComplete="new-password"
        required
        minLength={minPasswordLength}
        maxLength={1024}
        error={refused && messages.passwordRefused}
        value={password}
        onChange={setPassword}
      />
      <p className="form-hint">{messages.otherSessionsEnd}</p>
    </FormDialog>
  )
}
