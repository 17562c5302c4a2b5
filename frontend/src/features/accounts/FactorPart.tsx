import { type ReactNode, useState } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import { minuteText } from '../../lib/time/utcDays'
import { dateText, wallTime } from '../../lib/time/zone'
import { visibleText } from '../../lib/visible'
import type { Passkey, SecondFactor } from '../../model/api/types'
import { maxPasskeys } from '../../model/factor/passkeys'
import { isOn, useNewRecoveryCodes, useRemoveTotp, useSecondFactor } from '../../model/factor/queries'
import { Button } from '../../ui/Button'
import { Loaded } from '../../ui/Loaded'
import { shown } from '../../ui/Shown'
import { useToast } from '../../ui/Toasts'
import { PasskeyDialog, RemovePasskeyDialog } from './PasskeyDialog'
import { CodesDialog, SetUpDialog } from './SetUpDialog'
import { StepUpDialog } from './StepUpDialog'
import '../../ui/tag.css'

type Asked = 'setUp' | 'remove' | 'codes' | 'addPasskey' | Passkey

/** The second factor of the signed-in person: whether there is one, and what changes it. */
export function FactorPart({ zone }: { zone: string }) {
  const messages = useFactorMessages()
  const query = useSecondFactor()
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)
  const factor = query.data
  const on = factor && isOn(factor)
  return (
    <section className="system-part">
      <div className="factor-head">
        <h2>{messages.secondFactor}</h2>
        {factor && <span className={on ? 'tag tag-create' : 'tag'}>{on ? messages.on : messages.off}</span>}
      </div>
      <Loaded query={query}>
        {(factor) => (
          <>
            <About factor={factor} />
            {isOn(factor) && <Factors factor={factor} zone={zone} onAsk={setAsked} />}
            <Adding factor={factor} onAsk={setAsked} />
          </>
        )}
      </Loaded>
      {factor && asked && <Asking asked={asked} factor={factor} onClose={close} />}
    </section>
  )
}

function Asking({ asked, factor, onClose }: { asked: Asked; factor: SecondFactor; onClose: () => void }) {
  if (asked === 'setUp') return <SetUpDialog factor={factor} onClose={onClose} />
  if (asked === 'remove') return <RemoveDialog factor={factor} onClose={onClose} />
  if (asked === 'codes') return <NewCodesDialog factor={factor} onClose={onClose} />
  if (asked === 'addPasskey') return <PasskeyDialog factor={factor} onClose={onClose} />
  return <RemovePasskeyDialog factor={factor} passkey={asked} onClose={onClose} />
}

function About({ factor }: { factor: SecondFactor }) {
  const messages = useFactorMessages()
  if (isOn(factor)) return factor.required && <p>{messages.requiredText}</p>
  if (factor.required) return <p>{messages.requiredOff}</p>
  return <p>{factor.passkeys_possible ? messages.offTextEither : messages.offText}</p>
}

interface PartProps {
  factor: SecondFactor
  onAsk: (what: Asked) => void
}

function Factors({ factor, zone, onAsk }: PartProps & { zone: string }) {
  const messages = useFactorMessages()
  const several = factor.passkeys.length + Number(factor.totp) > 1
  const removable = !factor.required || several
  return (
    <div className="factor-list">
      {factor.totp && (
        <Row name={messages.app} text={messages.appOn}>
          <Action label={messages.replace} of={messages.app} onPress={() => onAsk('setUp')} />
          {removable && <Action danger label={messages.remove} of={messages.app} onPress={() => onAsk('remove')} />}
        </Row>
      )}
      {factor.passkeys.map((passkey) => (
        <Row key={passkey.id} name={shown(passkey.name)} text={<PasskeyText passkey={passkey} zone={zone} />}>
          {removable && (
            <Action danger label={messages.remove} of={visibleText(passkey.name)} onPress={() => onAsk(passkey)} />
          )}
        </Row>
      ))}
      <Row name={messages.recoveryCodes} text={messages.codesLeft(factor.recovery_codes)}>
        <Action label={messages.newCodes} onPress={() => onAsk('codes')} />
      </Row>
    </div>
  )
}

function PasskeyText({ passkey, zone }: { passkey: Passkey; zone: string }) {
  const messages = useFactorMessages()
  const added = dateText(wallTime(Date.parse(passkey.created_at), zone))
  const { last_used_at: used, host } = passkey
  return (
    <>
      {used ? messages.passkeyUsed(added, minuteText(Date.parse(used), zone)) : messages.passkeyUnused(added)}
      {host !== window.location.hostname && ` ${messages.passkeyAt(host)}`}
    </>
  )
}

function Row({ name, text, children }: { name: ReactNode; text: ReactNode; children: ReactNode }) {
  return (
    <div>
      <span className="stack">
        <span>{name}</span>
        <small>{text}</small>
      </span>
      <span className="factor-actions">{children}</span>
    </div>
  )
}

interface ActionProps {
  label: string
  /** What it is done to, where the label alone does not say so. */
  of?: string
  danger?: boolean
  onPress: () => void
}

function Action({ label, of, danger, onPress }: ActionProps) {
  const messages = useFactorMessages()
  return (
    <button
      type="button"
      className={danger ? 'link link-danger' : 'link'}
      aria-label={of && messages.actionOn(label, of)}
      onClick={onPress}
    >
      {label}
    </button>
  )
}

/** What can be added to the factors that there are. */
function Adding({ factor, onAsk }: PartProps) {
  const messages = useFactorMessages()
  const passkey = factor.passkeys_possible && factor.passkeys.length < maxPasskeys
  return (
    <>
      {(!factor.totp || passkey) && (
        <div className="factor-adding">
          {!factor.totp && (
            <Button kind={isOn(factor) ? 'plain' : 'primary'} onClick={() => onAsk('setUp')}>
              {messages.setUpApp}
            </Button>
          )}
          {passkey && <Button onClick={() => onAsk('addPasskey')}>{messages.addPasskey}</Button>}
        </div>
      )}
      {!factor.passkeys_possible && <p className="form-hint">{messages.passkeysImpossible}</p>}
    </>
  )
}

interface DialogProps {
  factor: SecondFactor
  onClose: () => void
}

function RemoveDialog({ factor, onClose }: DialogProps) {
  const messages = useFactorMessages()
  const remove = useRemoveTotp()
  const toast = useToast()
  const [last] = useState(factor.passkeys.length === 0) // as long as the dialog is open
  function done() {
    toast(messages.removed)
    onClose()
  }
  return (
    <StepUpDialog
      danger
      byCode
      title={messages.removeTitle}
      text={last ? messages.removeText : messages.removeAppText}
      action={messages.remove}
      error={remove.error}
      pending={remove.isPending}
      onProof={(proof) => remove.mutate(proof, { onSuccess: done })}
      onClose={onClose}
    />
  )
}

function NewCodesDialog({ factor, onClose }: DialogProps) {
  const messages = useFactorMessages()
  const renew = useNewRecoveryCodes()
  if (renew.data) return <CodesDialog codes={renew.data} onClose={onClose} />
  return (
    <StepUpDialog
      byCode={factor.totp}
      title={messages.newCodesTitle}
      text={messages.newCodesText}
      action={messages.newCodes}
      error={renew.error}
      pending={renew.isPending}
      onProof={(proof) => renew.mutate(proof)}
      onClose={onClose}
    />
  )
}
