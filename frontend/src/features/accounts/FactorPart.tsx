import { useState } from 'react'
import { useFactorWords } from '../../i18n/factorWords'
import type { SecondFactor } from '../../model/api/types'
import { useNewRecoveryCodes, useRemoveTotp, useSecondFactor } from '../../model/factor/queries'
import { Button } from '../../ui/Button'
import { Loaded } from '../../ui/Loaded'
import { useToast } from '../../ui/Toasts'
import { CodesDialog, SetUpDialog } from './SetUpDialog'
import { StepUpDialog } from './StepUpDialog'
import '../../ui/tag.css'

type Asked = 'setUp' | 'remove' | 'codes'

/** The second factor of the signed-in person: whether there is one, and what changes it. */
export function FactorPart() {
  const words = useFactorWords()
  const query = useSecondFactor()
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)
  const on = query.data?.totp
  return (
    <section className="system-part">
      <div className="factor-head">
        <h2>{words.secondFactor}</h2>
        {query.data && <span className={on ? 'tag tag-create' : 'tag'}>{on ? words.on : words.off}</span>}
      </div>
      <Loaded query={query}>
        {(factor) =>
          factor.totp ? <Factors factor={factor} onAsk={setAsked} /> : <None factor={factor} onAsk={setAsked} />
        }
      </Loaded>
      {asked === 'setUp' && <SetUpDialog replaces={on === true} onClose={close} />}
      {asked === 'remove' && <RemoveDialog onClose={close} />}
      {asked === 'codes' && <NewCodesDialog onClose={close} />}
    </section>
  )
}

interface PartProps {
  factor: SecondFactor
  onAsk: (what: Asked) => void
}

function None({ factor, onAsk }: PartProps) {
  const words = useFactorWords()
  return (
    <>
      <p>{factor.required ? words.requiredOff : words.offText}</p>
      <Button kind="primary" onClick={() => onAsk('setUp')}>
        {words.setUpApp}
      </Button>
    </>
  )
}

function Factors({ factor, onAsk }: PartProps) {
  const words = useFactorWords()
  return (
    <>
      {factor.required && <p>{words.requiredText}</p>}
      <div className="factor-list">
        <div>
          <span className="stack">
            {words.app}
            <small>{words.appOn}</small>
          </span>
          <span className="factor-actions">
            <button type="button" className="link" onClick={() => onAsk('setUp')}>
              {words.replace}
            </button>
            {!factor.required && (
              <button type="button" className="link link-danger" onClick={() => onAsk('remove')}>
                {words.remove}
              </button>
            )}
          </span>
        </div>
        <div>
          <span className="stack">
            {words.recoveryCodes}
            <small>{words.codesLeft(factor.recovery_codes)}</small>
          </span>
          <span className="factor-actions">
            <button type="button" className="link" onClick={() => onAsk('codes')}>
              {words.newCodes}
            </button>
          </span>
        </div>
      </div>
    </>
  )
}

function RemoveDialog({ onClose }: { onClose: () => void }) {
  const words = useFactorWords()
  const remove = useRemoveTotp()
  const toast = useToast()
  function done() {
    toast(words.removed)
    onClose()
  }
  return (
    <StepUpDialog
      danger
      byCode
      title={words.removeTitle}
      text={words.removeText}
      action={words.remove}
      error={remove.error}
      pending={remove.isPending}
      onProof={(proof) => remove.mutate(proof, { onSuccess: done })}
      onClose={onClose}
    />
  )
}

function NewCodesDialog({ onClose }: { onClose: () => void }) {
  const words = useFactorWords()
  const renew = useNewRecoveryCodes()
  if (renew.data) return <CodesDialog codes={renew.data} onClose={onClose} />
  return (
    <StepUpDialog
      byCode
      title={words.newCodesTitle}
      text={words.newCodesText}
      action={words.newCodes}
      error={renew.error}
      pending={renew.isPending}
      onProof={(proof) => renew.mutate(proof)}
      onClose={onClose}
    />
  )
}
