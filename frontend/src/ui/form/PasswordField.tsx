import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useSessionMessages } from '../../i18n/sessionMessages'
import { minPasswordLength } from '../../lib/password'
import { TextField } from './Fields'

interface Props {
  value: string
  error?: string | undefined
  onChange: (value: string) => void
}

/** A new password for someone else: typed, or generated and shown. */
export function PasswordField({ value, error, onChange }: Props) {
  const common = useSessionMessages()
  const messages = useAdminMessages().accounts
  const [shown, setShown] = useState(false)

  function make() {
    onChange(randomPassword())
    setShown(true)
  }
  return (
    <TextField
      label={common.password}
      type={shown ? 'text' : 'password'}
      mono={shown}
      autoComplete="new-password"
      required
      minLength={minPasswordLength}
      maxLength={1024}
      hint={messages.passwordHint}
      error={error && common.passwordRefused}
      value={value}
      onChange={onChange}
      aside={
        <button type="button" className="text-button" onClick={make}>
          {messages.makePassword}
        </button>
      }
    />
  )
}

// 32 unambiguous characters, so that random bytes map to them evenly.
const signs = 'abcdefghjkmnpqrstuvwxyz23456789-'

function randomPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20))
  return Array.from(bytes, (byte) => signs[byte % signs.length]).join('')
}
