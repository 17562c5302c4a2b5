import { useMessages } from '../../i18n/language'
import { exactTime, offsetText } from '../../lib/time/zone'
import { shown } from '../../ui/Shown'
import type { Tenant } from '../api/types'
import { useSession } from '../session/session'
import { useIsPrinting } from './usePrint'
import './print.css'

interface Props {
  tenant: Tenant
  title?: string
  facts?: [label: string, value: string][]
  /** How much of the data is printed. */
  holds?: string
}

/** The header of every print: tenant, content, time and author of the print. */
export function PrintHeader({ tenant, title, facts = [], holds }: Props) {
  const messages = useMessages()
  const session = useSession()
  useIsPrinting() // updates the time when printing starts
  const zone = tenant.time_zone
  const now = Date.now()
  const who =
    session.name && session.name !== session.username ? `${session.name} (${session.username})` : session.username
  const all: [string, string][] = [
    [messages.tenant, tenant.name === tenant.id ? tenant.id : `${tenant.name} (${tenant.id})`],
    ...facts,
    [messages.timeZone, `${zone} (${offsetText(now, zone)})`],
    [messages.printing.printed, messages.printing.by(exactTime(new Date(now).toISOString(), zone), who)],
  ]
  return (
    <div className="print-head">
      {title && <h1>{title}</h1>}
      <dl>
        {all.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{shown(value)}</dd>
          </div>
        ))}
      </dl>
      {holds && <p>{holds}</p>}
    </div>
  )
}
