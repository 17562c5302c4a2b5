import { useState } from 'react'
import { useSessionWords } from '../../i18n/sessionWords'
import { minPasswordLength } from '../../lib/password'
import { useChangePassword } from '../../model/session/queries'
import { fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { useToast } from '../../ui/Toasts'

/** Changes the password of the person signed in. */
export default function OwnPasswordDialog({ onClose }: { onClose: () => void }) {
  const words = useSessionWords()
  const change = useChangePassword()
  const toast = useToast()
  const [old, setOld] = useState('')
  const [password, setPassword] = useState('')
  const wrongOld = fieldError(change.error, 'old_password')
  const refused = fieldError(change.error, 'password')

  function done() {
    toast(words.passwordChanged)
    onClose()
  }
  return (
    <FormDialog
      title={words.changePassword}
      action={words.changePassword}
      error={wrongOld || refused ? undefined : change.error}
      pending={change.isPending}
      onSubmit={() => change.mutate({ password, old_password: old }, { onSuccess: done })}
      onClose={onClose}
    >
      <TextField
        label={words.oldPassword}
        type="password"
        autoComplete="current-password"
        required
        maxLength={1024}
        error={wrongOld && words.oldPasswordWrong}
        value={old}
        onChange={setOld}
      />
      <TextField
        label={words.ownNewPassword}
        hint={words.passwordHint}
        type="password"
        autoComplete="new-password"
        required
        minLength={minPasswordLength}
        maxLength={1024}
        error={refused && words.passwordRefused}
        value={password}
        onChange={setPassword}
      />
      <p className="form-hint">{words.otherSessionsEnd}</p>
    </FormDialog>
  )
}
