import { Link } from 'react-router'
import { useIntegrationMessages } from '../../i18n/integrationMessages'
import { problemText } from '../../lib/problem'
import { exactTime } from '../../lib/time/zone'
import type { CreatedKey, Tenant } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { entryAddress, entryName } from '../../model/log/entryAddress'
import { useSession } from '../../model/session/session'
import { Button } from '../../ui/Button'
import { Notice } from '../../ui/Notice'
import { shown } from '../../ui/Shown'
import { TypeTag } from '../../ui/TypeTag'
import { useSendTest } from './queries'
import { type Arrival, useArrivals } from './useArrivals'

interface Props {
  tenant: Tenant
  made: CreatedKey | undefined
  sample: { module: string; operation: string }
  titles: Titles
}

/** The entries that the tenant's log receives while the page is open, and a button that sends a test entry. */
export function Arrivals({ tenant, made, sample, titles }: Props) {
  const messages = useIntegrationMessages()
  const { username, name } = useSession()
  const { arrivals, listening, add } = useArrivals(tenant.id)
  const test = useSendTest(tenant.id)

  function send() {
    const entry = {
      user: { id: username, name: name ?? username },
      ...sample,
      content: { id: 'test', name: messages.testContent },
    }
    test.mutate({ entry, key: made?.key, keyName: messages.testKey }, { onSuccess: add })
  }

  return (
    <section className="integration-arrivals" aria-labelledby="integration-arrivals">
      <h2 id="integration-arrivals">{messages.arrivals}</h2>
      <p>{messages.arrivalsText}</p>
      <Button kind="primary" pending={test.isPending} onClick={send}>
        {messages.sendTest}
      </Button>
      {test.error && <Notice kind="error">{messages.testFailed(problemText(test.error))}</Notice>}
      <p className={listening ? 'integration-state integration-on' : 'integration-state'} role="status">
        <i />
        {!listening ? messages.lost : arrivals.length === 0 ? messages.waiting : messages.arrived(arrivals.length)}
      </p>
      <ul>
        {arrivals.map((arrival) => (
          <Line
            key={arrival.entry.seq}
            arrival={arrival}
            tenant={tenant}
            titles={titles}
            isTest={arrival.entry.seq === test.data?.seq}
          />
        ))}
      </ul>
    </section>
  )
}

interface LineProps {
  arrival: Arrival
  tenant: Tenant
  titles: Titles
  isTest: boolean
}

function Line({ arrival: { entry }, tenant, titles, isTest }: LineProps) {
  const messages = useIntegrationMessages()
  const { module, operation, user, content } = entry
  return (
    <li>
      <Link to={entryAddress(tenant.id, entryName(entry))}>
        <span className="integration-line">
          <TypeTag title={titles.operation(operation)} group={titles.group(operation)} />
          <span className="cut">{shown(titles.module(module))}</span>
          {isTest && <small>{messages.isTest}</small>}
        </span>
        <b className="cut">{shown(content?.name || content?.id || user.name)}</b>
        <small className="cut">
          {shown(user.name)} · {exactTime(entry.received_at, tenant.time_zone)}
        </small>
      </Link>
    </li>
  )
}
