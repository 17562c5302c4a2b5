import { useIdentityMessages } from '../../i18n/identityMessages'
import { useMessages } from '../../i18n/language'
import type { Tenant } from '../../model/api/types'
import { useOrganizations } from '../../model/log/queries'
import { useTenants } from '../../model/settings/queries'
import type { Given } from './groups'

/** The rule's stand-in for the organization that the source says of the person. */
const own = '{organization}'

/** What rules give, in words. */
export function useGiven(tenant: Tenant) {
  const common = useMessages()
  const { identity: messages } = useIdentityMessages()
  const tenants = useTenants()
  const organizations = useOrganizations(tenant.id, tenant.data_permission)

  const tenantOf = ({ role, tenant: id }: Given) => {
    if (role === 'owner' || !id) return messages.everyTenant
    return tenants.data?.find((one) => one.id === id)?.name ?? id
  }

  function sees({ role, tenant: of, organization }: Given): string {
    if (role === 'owner') return messages.everyTenant
    if (role === 'member') return messages.nothing
    if (!organization) return messages.wholeTenant
    if (organization === own) return messages.ownOrganization
    const known = of === tenant.id ? organizations.data?.find(({ id }) => id === organization) : undefined
    return common.andBelow(known?.name ?? organization)
  }

  /** Tenant and what is seen of it. */
  const scope = (given: Given) => (given.role === 'owner' ? sees(given) : `${tenantOf(given)} · ${sees(given)}`)

  return { tenantOf, sees, scope, all: (given: Given) => `${common.roles[given.role]} · ${scope(given)}` }
}
