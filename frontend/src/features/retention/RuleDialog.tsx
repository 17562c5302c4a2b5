import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { inUtcAndZone, nextDay } from '../../lib/time/utcDays'
import type { Retention, Tenant } from '../../model/api/types'
import { CheckField, Choices, fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { useChangeRule, useWouldDelete } from './retentionQueries'

/** The legal minimum, also enforced by the server: shorter rules must be confirmed. */
const minimum = 180

/** Edits the retention rule, and shows what it would delete before saving. */
export function RuleDialog({ tenant, rule, onClose }: { tenant: Tenant; rule: Retention; onClose: () => void }) {
  const messages = useAdminMessages().retention
  const change = useChangeRule(tenant.id)
  const [kind, setKind] = useState<'forever' | 'days'>(rule.retention_days ? 'days' : 'forever')
  const [text, setText] = useState(String(rule.retention_days || 365))
  const [meant, setMeant] = useState(false)
  const days = kind === 'days' && /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 36_500 ? Number(text) : undefined
  const isBelow = days !== undefined && days < minimum
  return (
    <FormDialog
      title={messages.changeTitle}
      action={messages.save}
      danger={kind === 'days'}
      error={change.error}
      pending={change.isPending}
      onSubmit={() =>
        change.mutate(
          kind === 'forever'
            ? { retention_days: 0, below_legal_minimum: false }
            : { retention_days: Number(text), below_legal_minimum: isBelow && meant },
          { onSuccess: onClose },
        )
      }
      onClose={onClose}
    >
      <Choices
        label={messages.keptFor}
        value={kind}
        choices={[
          { value: 'forever', title: messages.forever, text: messages.foreverText },
          { value: 'days', title: messages.forDays, text: messages.forDaysText(tenant.time_zone) },
        ]}
        onChange={setKind}
      />
      {kind === 'days' && (
        <TextField
          label={messages.daysLabel}
          required
          type="number"
          min={1}
          max={36_500}
          value={text}
          error={fieldError(change.error, 'retention_days')}
          onChange={setText}
        />
      )}
      {isBelow && <CheckField label={messages.below} text={messages.belowText} checked={meant} onChange={setMeant} />}
      {days !== undefined && <Would tenant={tenant} days={days} />}
    </FormDialog>
  )
}

function Would({ tenant, days }: { tenant: Tenant; days: number }) {
  const messages = useAdminMessages().retention
  const { number } = useMessages()
  const { data } = useWouldDelete(tenant.id, days)
  const zone = tenant.time_zone
  const kept = data ? inUtcAndZone(Date.parse(data.before), zone) : ''
  return (
    <p className={data?.entries ? 'retention-note' : 'form-lead'} role="status">
      {data &&
        (data.entries
          ? messages.would(number(data.entries), data.dates, inUtcAndZone(nextDay(Date.now(), zone), zone), kept)
          : messages.wouldNothing(kept))}
    </p>
  )
}
