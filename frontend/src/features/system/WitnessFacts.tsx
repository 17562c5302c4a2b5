import { useAdminMessages } from '../../i18n/adminMessages'
import { exactTime } from '../../lib/time/zone'
import { visibleText } from '../../lib/visible'
import type { SystemStatus } from '../../model/api/types'

type Witness = NonNullable<SystemStatus['witnesses']>[number]

interface Props {
  witnesses: Witness[] | undefined
  zone: string
}

/** The witnesses that cosign the checkpoints, with a warning for each that does not. */
export function WitnessFacts({ witnesses = [], zone }: Props) {
  const messages = useAdminMessages().system
  if (witnesses.length === 0) return messages.noWitness
  return witnesses.map((witness) => <One key={witness.key} of={witness} zone={zone} />)
}

function One({ of, zone }: { of: Witness; zone: string }) {
  const messages = useAdminMessages().system
  const name = (
    <div>
      {visibleText(of.name)} <span className="mono">{visibleText(of.url)}</span>
    </div>
  )
  if (of.state === 'ok')
    return (
      <>
        {name}
        <div>{of.cosigned_at ? messages.witnessed(exactTime(of.cosigned_at, zone)) : messages.notWitnessed}</div>
      </>
    )
  return (
    <>
      {name}
      <div className="system-failure" role="alert">
        {of.state === 'refused' ? messages.witnessRefuses : messages.witnessSilent}
        {of.failing_since && ` ${messages.witnessSince(exactTime(of.failing_since, zone))}`}
        {of.failure && <div>{visibleText(of.failure)}</div>}
      </div>
    </>
  )
}
