import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useStorageMessages } from '../../i18n/storageMessages'
import type { Retention, Tenant } from '../../model/api/types'
import { Button } from '../../ui/Button'
import { Facts } from '../../ui/Facts'
import { Choices, fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { useChangeRule } from './retentionQueries'

/** The least and the most that access logs are kept, also enforced by the server. */
const minimum = 365
const maximum = 36_500

/** How long the access log is kept, which owners change. */
export function AccessRule({ tenant, rule, mayChange }: { tenant: Tenant; rule: Retention; mayChange: boolean }) {
  const messages = useAdminMessages().retention
  const texts = useStorageMessages()
  const [asked, setAsked] = useState(false)
  const { access_retention_days: days, access_kept_from: from } = rule
  return (
    <section className="system-part">
      <div className="retention-head">
        <h2>{texts.accessLog}</h2>
        {mayChange && <Button onClick={() => setAsked(true)}>{texts.accessChange}</Button>}
      </div>
      <p>{texts.accessText}</p>
      <Facts
        facts={[
          { label: messages.keptFor, value: days ? messages.days(days) : messages.forever },
          ...(from ? [{ label: messages.keptFrom, value: `${from} (UTC)` }] : []),
        ]}
      />
      {asked && <AccessRuleDialog tenant={tenant} rule={rule} onClose={() => setAsked(false)} />}
    </section>
  )
}

function AccessRuleDialog({ tenant, rule, onClose }: { tenant: Tenant; rule: Retention; onClose: () => void }) {
  const messages = useAdminMessages().retention
  const texts = useStorageMessages()
  const change = useChangeRule(tenant.id)
  const [kind, setKind] = useState<'forever' | 'days'>(rule.access_retention_days ? 'days' : 'forever')
  const [text, setText] = useState(String(rule.access_retention_days || 3 * minimum))
  return (
    <FormDialog
      title={texts.accessTitle}
      action={messages.save}
      danger={kind === 'days'}
      error={change.error}
      pending={change.isPending}
      onSubmit={() =>
        change.mutate({ access_retention_days: kind === 'forever' ? 0 : Number(text) }, { onSuccess: onClose })
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
          hint={texts.accessHint(minimum)}
          required
          type="number"
          min={minimum}
          max={maximum}
          value={text}
          error={fieldError(change.error, 'access_retention_days')}
          onChange={setText}
        />
      )}
    </FormDialog>
  )
}
