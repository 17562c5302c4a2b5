import { useRef, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useFormMessages } from '../../i18n/formMessages'
import { parseDay } from '../../lib/time/parse'
import { inUtcAndZone, nextDay } from '../../lib/time/utcDays'
import type { Hold, Tenant } from '../../model/api/types'
import { fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { DaysToHold, HeldDays } from './HeldDays'
import { useAddHold, useLiftHold } from './retentionQueries'

/** Places a legal hold on days. */
export function HoldDialog({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const { fieldErrors } = useFormMessages()
  const messages = useAdminMessages().retention
  const add = useAddHold(tenant.id)
  const [text, setText] = useState({ from: '', to: '' })
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const inputs = { from: useRef<HTMLInputElement>(null), to: useRef<HTMLInputElement>(null) }
  const days = { from: parseDay(text.from), to: parseDay(text.to) }
  /** The error of a day: that it is invalid, or the server's message. */
  const wrong = (name: 'from' | 'to') =>
    tried && days[name] === undefined ? fieldErrors.date : fieldError(add.error, name)

  function submit() {
    setTried(true)
    const { from, to } = days
    if (from !== undefined && to !== undefined)
      add.mutate({ ...(from && { from }), ...(to && { to }), reason }, { onSuccess: onClose })
    else inputs[from === undefined ? 'from' : 'to'].current?.focus()
  }

  return (
    <FormDialog
      title={messages.addHold}
      action={messages.addHold}
      error={add.error}
      pending={add.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      <p className="form-lead">{messages.holdsText}</p>
      <TextField
        label={messages.reason}
        hint={messages.reasonHint}
        required
        maxLength={1024}
        value={reason}
        error={fieldError(add.error, 'reason')}
        onChange={setReason}
      />
      {(['from', 'to'] as const).map((name) => (
        <TextField
          key={name}
          ref={inputs[name]}
          label={name === 'from' ? messages.first : messages.last}
          hint={(name === 'from' ? messages.firstHint : messages.lastHint)(tenant.time_zone)}
          placeholder="2026-01-31"
          value={text[name]}
          error={wrong(name)}
          onChange={(day) => setText({ ...text, [name]: day })}
        />
      ))}
      <DaysToHold from={days.from ?? ''} to={days.to ?? ''} zone={tenant.time_zone} />
    </FormDialog>
  )
}

export function LiftDialog({ tenant, hold, onClose }: { tenant: Tenant; hold: Hold; onClose: () => void }) {
  const messages = useAdminMessages().retention
  const lift = useLiftHold(tenant.id)
  return (
    <FormDialog
      danger
      title={messages.liftOf(hold.reason)}
      action={messages.lift}
      error={lift.error}
      pending={lift.isPending}
      onSubmit={() => lift.mutate(hold.id, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p className="form-lead">
        {messages.liftText(inUtcAndZone(nextDay(Date.now(), tenant.time_zone), tenant.time_zone))}
      </p>
      <HeldDays hold={hold} />
    </FormDialog>
  )
}
