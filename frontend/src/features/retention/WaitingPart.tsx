import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { inUtcAndZone } from '../../lib/time/utcDays'
import type { Tenant, Waiting } from '../../model/api/types'
import { Button } from '../../ui/Button'
import { FormDialog } from '../../ui/form/FormDialog'
import { useAgree } from './retentionQueries'

/** The deletions that wait for an owner, with the reason, both clocks and, for owners, a way to agree. */
export function WaitingPart({
  waiting,
  tenant,
  onAgree,
}: {
  waiting: Waiting[]
  tenant: Tenant
  onAgree: ((waiting: Waiting) => void) | undefined
}) {
  const messages = useAdminMessages().retention
  const { number } = useMessages()
  const zone = tenant.time_zone
  const moment = (time: string) => inUtcAndZone(Date.parse(time), zone)
  return (
    <section className="system-part" aria-labelledby="retention-waits">
      <h2 id="retention-waits" className="system-failure">
        {messages.waits}
      </h2>
      {waiting.map((one) => (
        <div key={`${one.tenant}/${one.access}`}>
          <p>
            {one.reason === 'clock'
              ? messages.waitsClock(moment(one.clock), moment(one.known))
              : messages.waitsAmount(
                  number(one.entries),
                  number(one.dates),
                  number(one.last_entries ?? 0),
                  number(one.last_dates ?? 0),
                )}
          </p>
          <p>
            {messages.wouldGo(
              !one.tenant ? messages.ofInstallation : one.access ? messages.ofAccess : messages.ofLog,
              number(one.entries),
              number(one.dates),
            )}
          </p>
          {onAgree && (
            <Button onClick={() => onAgree(one)}>
              {one.reason === 'clock' ? messages.agreeClock : messages.agreeAmount}
            </Button>
          )}
        </div>
      ))}
    </section>
  )
}

/** An owner's word that the clock is right, or that so much may be deleted. */
export function AgreeDialog({ tenant, waiting, onClose }: { tenant: Tenant; waiting: Waiting; onClose: () => void }) {
  const messages = useAdminMessages().retention
  const { number } = useMessages()
  const agree = useAgree(tenant.id)
  const isClock = waiting.reason === 'clock'
  return (
    <FormDialog
      danger
      title={isClock ? messages.agreeClock : messages.agreeAmount}
      action={isClock ? messages.agreeClock : messages.agreeAmount}
      error={agree.error}
      pending={agree.isPending}
      onSubmit={() => agree.mutate(waiting.reason, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p className="form-lead">
        {isClock
          ? messages.agreeClockText(inUtcAndZone(Date.parse(waiting.clock), tenant.time_zone))
          : messages.agreeAmountText(number(waiting.entries), number(waiting.dates))}
      </p>
    </FormDialog>
  )
}
