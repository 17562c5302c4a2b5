import { useAdminWords } from '../../i18n/adminWords'
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
  const words = useAdminWords().system
  if (witnesses.length === 0) return words.noWitness
  return witnesses.map((witness) => <One key={witness.key} of={witness} zone={zone} />)
}

function One({ of, zone }: { of: Witness; zone: string }) {
  const words = useAdminWords().system
  const name = (
    <div>
      {visibleText(of.name)} <span className="mono">{visibleText(of.url)}</span>
    </div>
  )
  if (of.state === 'ok')
    return (
      <>
        {name}
        <div>{of.cosigned_at ? words.witnessed(exactTime(of.cosigned_at, zone)) : words.notWitnessed}</div>
      </>
    )
  return (
    <>
      {name}
      <div className="system-failure" role="alert">
        {of.state === 'refused' ? words.witnessRefuses : words.witnessSilent}
        {of.failing_since && ` ${words.witnessSince(exactTime(of.failing_since, zone))}`}
        {of.failure && <div>{visibleText(of.failure)}</div>}
      </div>
    </>
  )
}
