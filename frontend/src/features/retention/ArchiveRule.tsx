import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useArchiveMessages } from '../../i18n/archiveMessages'
import type { ArchiveTenant, Tenant } from '../../model/api/types'
import { useTenantArchive } from '../../model/settings/archive'
import { Button } from '../../ui/Button'
import { type Fact, Facts } from '../../ui/Facts'
import { Choices, fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { useChangeRule } from './retentionQueries'

type Messages = ReturnType<typeof useArchiveMessages>['archive']

/** The least and the most days after which entries are archived, also enforced by the server. */
const minimum = 30
const maximum = 36_500

/** When days go to the archive, which owners change, and what is there; nothing where there is no archive. */
export function ArchiveRule({ tenant, mayChange }: { tenant: Tenant; mayChange: boolean }) {
  const { archive: messages } = useArchiveMessages()
  const [asked, setAsked] = useState(false)
  const { data } = useTenantArchive(tenant.id)
  if (!data || !(data.configured || data.tenant)) return null
  const after = data.tenant?.archive_after ?? 0
  return (
    <section className="system-part">
      <div className="retention-head">
        <h2>{messages.rule}</h2>
        {mayChange && <Button onClick={() => setAsked(true)}>{messages.ruleChange}</Button>}
      </div>
      <p>{messages.ruleText}</p>
      <Facts
        facts={[
          { label: messages.rule, value: after ? messages.ruleAfter(after) : messages.ruleNever },
          ...(data.tenant?.days ? archivedFacts(data.tenant, messages) : []),
        ]}
      />
      {asked && <ArchiveRuleDialog tenant={tenant} after={after} onClose={() => setAsked(false)} />}
    </section>
  )
}

/** Which days are in the archive, and with how many entries. */
function archivedFacts(of: ArchiveTenant, messages: Messages): Fact[] {
  const two = (first: string, second: string) => (
    <span className="stack">
      <span>{first}</span>
      {second && <small>{second}</small>}
    </span>
  )
  return [
    { label: messages.archived, value: two(messages.ofDays(of.days), messages.fromTo(of.first ?? '', of.last ?? '')) },
    {
      label: messages.there,
      value: two(messages.ofEntries(of.entries), messages.entriesThere(of.entries, of.removed_entries)),
    },
  ]
}

function ArchiveRuleDialog({ tenant, after, onClose }: { tenant: Tenant; after: number; onClose: () => void }) {
  const { save } = useAdminMessages().retention
  const { archive: messages } = useArchiveMessages()
  const change = useChangeRule(tenant.id)
  const [kind, setKind] = useState<'never' | 'days'>(after ? 'days' : 'never')
  const [text, setText] = useState(String(after || 6 * minimum))
  return (
    <FormDialog
      title={messages.ruleTitle}
      action={save}
      error={change.error}
      pending={change.isPending}
      onSubmit={() => change.mutate({ archive_after: kind === 'never' ? 0 : Number(text) }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Choices
        label={messages.rule}
        value={kind}
        choices={[
          { value: 'never', title: messages.ruleNever, text: messages.neverText },
          { value: 'days', title: messages.afterChoice, text: messages.afterText(tenant.time_zone) },
        ]}
        onChange={setKind}
      />
      {kind === 'days' && (
        <TextField
          label={messages.daysLabel}
          hint={messages.daysHint(minimum)}
          required
          type="number"
          min={minimum}
          max={maximum}
          value={text}
          error={fieldError(change.error, 'archive_after')}
          onChange={setText}
        />
      )}
    </FormDialog>
  )
}
