import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import type { Tenant } from '../../model/api/types'
import { useTitles } from '../../model/log/catalog'
import { useNames } from '../../model/log/names'
import { useOrganizations } from '../../model/log/queries'
import { useKeyNames } from '../../model/settings/keyNames'
import type { ActionContext } from './actions'

/** The texts, the time zone and the names with which the actions of a tenant's accounts are described. */
export function useActionContext(tenant: Tenant): ActionContext {
  const common = useMessages()
  const messages = useAdminMessages()
  const organizations = useOrganizations(tenant.id, tenant.data_permission)
  const titles = useTitles(tenant.id)
  const keyNames = useKeyNames(tenant.id, true)
  const nameOf = useNames([], undefined, organizations.data, titles, keyNames)
  return { messages, common, zone: tenant.time_zone, nameOf }
}
