import { useIdentityMessages } from '../../i18n/identityMessages'
import { exactTime } from '../../lib/time/zone'
import type { IdentitySource } from '../../model/api/types'
import { Icon } from '../../ui/Icon'
import { Shown } from '../../ui/Shown'

interface Props {
  sources: IdentitySource[]
  zone: string
}

/** The sources in the order in which they are asked, and whether they answer. */
export function SourcesPart({ sources, zone }: Props) {
  const { identity: messages } = useIdentityMessages()
  return (
    <section aria-labelledby="identity-sources">
      <h2 id="identity-sources">{messages.sources}</h2>
      <ul className="identity-list">
        {sources.map((one) => (
          <Source key={one.name} of={one} zone={zone} />
        ))}
      </ul>
    </section>
  )
}

/** How long before its end a certificate is told as one, in ms. */
const soon = 30 * 24 * 3_600_000

function Source({ of, zone }: { of: IdentitySource; zone: string }) {
  const { identity: messages } = useIdentityMessages()
  const since = messages.since(exactTime(of.since, zone).slice(0, 16))
  return (
    <li>
      <span className={`tag tag-${of.answers ? 'create' : 'destructive'}`}>
        <Icon name={of.answers ? 'check' : 'alert'} small />
        {of.answers ? messages.answers : messages.away}
      </span>
      <span className="stack">
        <span>
          <Shown text={of.title} />
        </span>
        <small>{[messages.kinds[of.kind], of.name, since].join(' · ')}</small>
        {of.servers.map((server) => (
          <small key={server.url} className={server.error ? 'list-bad' : undefined}>
            {[...about(server), certificate(server.certificate_ends)].filter(Boolean).join(' · ')}
          </small>
        ))}
        {of.servers.some((server) => endsSoon(server.certificate_ends)) && <CertificateNote />}
      </span>
    </li>
  )

  function certificate(ends: string | undefined) {
    return ends && messages.certificate(exactTime(ends, zone).slice(0, 10))
  }
}

/** Its address, and what is wrong, which may begin with the address. */
function about({ url, error }: IdentitySource['servers'][number]): string[] {
  if (!error) return [url]
  return error.startsWith(url) ? [error] : [url, error]
}

function endsSoon(ends: string | undefined): boolean {
  return ends !== undefined && Date.parse(ends) - Date.now() < soon
}

function CertificateNote() {
  const { identity: messages } = useIdentityMessages()
  return (
    <small className="identity-soon">
      <Icon name="alert" small />
      {messages.endsSoon}
    </small>
  )
}
