import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { visibleText } from '../../lib/visible'
import type { ApiKey, Tenant } from '../../model/api/types'
import { useOrganizations } from '../../model/log/queries'
import { Shown } from '../../ui/Shown'
import { Timestamp } from '../../ui/Timestamp'

/** Whether a key is revoked or has expired. */
export function unusable(key: ApiKey): boolean {
  return !!key.revoked_at || expired(key)
}

function expired(key: ApiKey): boolean {
  return !!key.expires_at && Date.parse(key.expires_at) <= Date.now()
}

/** The scope of a key, its organization and its addresses. */
export function KeyScope({ apiKey, tenant }: { apiKey: ApiKey; tenant: Tenant }) {
  const common = useMessages()
  const messages = useAdminMessages().keys
  const organizations = useOrganizations(tenant.id, tenant.data_permission && !!apiKey.organization)
  const { organization, addresses } = apiKey
  const name = organizations.data?.find((one) => one.id === organization)?.name ?? organization
  const from = addresses?.map((network) => network.replace(/\/(32|128)$/, '')).join(', ')
  return (
    <span className="stack">
      {messages.scopes[apiKey.scope]}
      {name && (
        <small className="cut" title={visibleText(common.andBelow(name))}>
          <Shown text={common.andBelow(name)} />
        </small>
      )}
      {from && (
        <small className="mono cut" title={from}>
          {from}
        </small>
      )}
    </span>
  )
}

/** Whether a key works, until when or since when not. */
export function KeyStatus({ apiKey, zone }: { apiKey: ApiKey; zone: string }) {
  const messages = useAdminMessages().keys
  const { revoked_at, expires_at } = apiKey
  const since = revoked_at ?? expires_at
  if (!since) return messages.valid
  const state = revoked_at ? messages.revoked : expired(apiKey) ? messages.expired : messages.validUntil
  return (
    <span className="stack">
      {state}
      <small>
        <Timestamp ahead time={since} zone={zone} />
      </small>
    </span>
  )
}
