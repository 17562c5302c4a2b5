import { useEntryMessages } from '../../i18n/entryMessages'
import { copyText } from '../../lib/clipboard'
import { prettyJson } from '../../model/api/recordedJson'
import type { Entry } from '../../model/api/types'
import { EntryFacts } from '../../model/entry/EntryFacts'
import { ProofLine } from '../../model/entry/ProofLine'
import type { Filters } from '../../model/log/filters'
import { Dialog } from '../../ui/Dialog'
import { Loaded } from '../../ui/Loaded'
import { shown } from '../../ui/Shown'
import { useAccessEntry } from './accessQueries'
import { type ActionContext, actionDetails, describeAction } from './actions'
import '../../model/entry/drawer.css'
import '../../ui/form/form.css'

interface Props {
  /** Whose access log it is of; `null` for the server's. */
  tenant: string | null
  entry: Entry
  context: ActionContext
  onFilter: (next: Partial<Filters>) => void
  onClose: () => void
}

/** One entry of the access log, with its proof. */
export function AccessDialog({ tenant, entry: row, context, onFilter, onClose }: Props) {
  const { messages } = context
  const { entryId } = useEntryMessages()
  const full = useAccessEntry(tenant, row.id)
  const entry = full.data ?? row
  const facts = actionDetails(entry, context)
  const roles: Record<string, string> = context.common.roles
  const role = entry.user.role && (roles[entry.user.role] ?? entry.user.role)
  const { title } = describeAction(entry, messages)
  return (
    <Dialog title={title} className="access-dialog" onClose={onClose}>
      <div className="form-body">
        <Loaded query={full}>
          {(one) => <ProofLine entry={one} tenant={`${tenant ?? ''}/access`} zone={context.zone} onCopy={copyText} />}
        </Loaded>
        {facts.length > 0 && (
          <ul className="access-about">
            {facts.map((fact) => (
              <li key={fact}>{shown(fact)}</li>
            ))}
          </ul>
        )}
        <EntryFacts entry={{ ...entry, user: { ...entry.user, role } }} zone={context.zone} organizations={undefined} />
        <p className="access-more">
          <button type="button" className="link" onClick={() => onFilter({ user: [entry.user.id] })}>
            {shown(messages.access.allBy(entry.user.name))}
          </button>
          <button
            type="button"
            className="link"
            onClick={() => onFilter({ operation: [`${entry.module}.${entry.operation}`] })}
          >
            {shown(messages.access.allOf(title))}
          </button>
        </p>
        {entry.details !== undefined && (
          <details className="access-details">
            <summary>{messages.access.details}</summary>
            <pre className="mono">{shown(prettyJson(entry.details))}</pre>
          </details>
        )}
        <p className="form-hint">
          {entryId} <span className="mono">{entry.id}</span>
        </p>
      </div>
    </Dialog>
  )
}
