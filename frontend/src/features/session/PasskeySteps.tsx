import { useState } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { useFactorMessages } from '../../i18n/factorMessages'
import {
  maxPasskeyName,
  suggestedName,
  useAddPasskey,
  usePasskeySignIn,
  usePasskeyText,
} from '../../model/factor/passkeys'
import { useSignOut } from '../../model/session/queries'
import { fieldError } from '../../ui/form/Fields'
import { CardField, CardPage } from './CardPage'
import { StepAside } from './StepAside'

interface Props {
  onLanguage: (tag: LocaleTag) => void
}

/** Asks an account without an authenticator app for its passkey. */
export function PasskeyStep({ onLanguage, onRecovery }: Props & { onRecovery: (() => void) | undefined }) {
  const messages = useFactorMessages()
  const passkey = usePasskeySignIn()
  const textOf = usePasskeyText()
  return (
    <CardPage
      title={messages.secondFactor}
      note={messages.passkeyText}
      error={passkey.error ? messages.signInFailed(textOf(passkey.error)) : undefined}
      action={messages.usePasskey}
      focused
      pending={passkey.isPending}
      onSubmit={() => passkey.mutate()}
      onLanguage={onLanguage}
      aside={
        <StepAside>
          {onRecovery && (
            <button type="button" className="link" onClick={onRecovery}>
              {messages.useRecovery}
            </button>
          )}
        </StepAside>
      }
    />
  )
}

/** Says where an account signs in that has only passkeys of other addresses, and no recovery codes. */
export function NoStep({ onLanguage }: Props) {
  const messages = useFactorMessages()
  const signOut = useSignOut()
  return (
    <CardPage
      title={messages.secondFactor}
      note={messages.passkeysElsewhere}
      error={undefined}
      action={messages.startAgain}
      focused
      pending={signOut.isPending}
      onSubmit={() => signOut.mutate()}
      onLanguage={onLanguage}
      aside={<p className="card-note">{messages.noWayHere}</p>}
    />
  )
}

interface EnrolmentProps extends Props {
  onAdded: (codes: string[]) => void
  onApp: () => void
}

/** Adds a passkey to an account that must have a second factor. */
export function PasskeyEnrolment({ onLanguage, onAdded, onApp }: EnrolmentProps) {
  const messages = useFactorMessages()
  const add = useAddPasskey()
  const textOf = usePasskeyText()
  const [name, setName] = useState(suggestedName)
  const wrongName = fieldError(add.error, 'name')
  return (
    <CardPage
      title={messages.addPasskey}
      note={messages.namePasskey}
      error={add.error && !wrongName ? messages.notTurnedOn(textOf(add.error)) : undefined}
      action={messages.createPasskey}
      pending={add.isPending}
      onSubmit={() => add.mutate({ name: name.trim() }, { onSuccess: onAdded })}
      onLanguage={onLanguage}
      aside={
        <StepAside>
          <button type="button" className="link" onClick={onApp}>
            {messages.useApp}
          </button>
        </StepAside>
      }
    >
      <CardField
        id="passkey-name"
        label={messages.passkeyName}
        hint={messages.passkeyNameHint}
        maxLength={maxPasskeyName}
        autoFocus
        error={wrongName}
        value={name}
        onChange={setName}
      />
    </CardPage>
  )
}
