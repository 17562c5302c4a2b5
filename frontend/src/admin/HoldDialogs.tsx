import { useState } from 'react'
import type { Hold, Tenant } from '../api/types'
import { useWords } from '../i18n/language'
import { fieldError, TextField } from './Fields'
import { FormDialog } from './FormDialog'
import { useAddHold, useLiftHold } from './retentionQueries'
import { useAdminWords } from './words'

/** A date as the whole console writes it, whatever the browser would. */
const datePattern = '\\d{4}-\\d\\d-\\d\\d'

/** Places a legal hold on days. */
export function HoldDialog({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const { faults } = useWords()
  const words = useAdminWords().retention
  const add = useAddHold(tenant.id)
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const [reason, setReason] = useState('')
  return (
    <FormDialog
      title={words.addHold}
      action={words.addHold}
      error={add.error}
      pending={add.isPending}
      onSubmit={() => add.mutate({ ...(from && { from }), ...(to && { to }), reason }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p className="form-lead">{words.holdsText}</p>
      <TextField
        label={words.reason}
        hint={words.reasonHint}
        required
        maxLength={1024}
        value={reason}
        error={fieldError(add.error, 'reason')}
        onChange={setReason}
      />
      <TextField
        label={words.first}
        hint={words.firstHint}
        pattern={datePattern}
        shape={faults.date}
        placeholder="2026-01-31"
        value={from}
        error={fieldError(add.error, 'from')}
        onChange={setFrom}
      />
      <TextField
        label={words.last}
        hint={words.lastHint}
        pattern={datePattern}
        shape={faults.date}
        placeholder="2026-01-31"
        value={to}
        error={fieldError(add.error, 'to')}
        onChange={setTo}
      />
    </FormDialog>
  )
}

export function LiftDialog({ tenant, hold, onClose }: { tenant: Tenant; hold: Hold; onClose: () => void }) {
  const words = useAdminWords().retention
  const lift = useLiftHold(tenant.id)
  return (
    <FormDialog
      danger
      title={words.liftOf(hold.reason)}
      action={words.lift}
      error={lift.error}
      pending={lift.isPending}
      onSubmit={() => lift.mutate(hold.id, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{words.liftText}</p>
    </FormDialog>
  )
}
