import { useAdminMessages } from '../../i18n/adminMessages'
import type { Entry, Tenant } from '../../model/api/types'
import { useApiKeys } from '../../model/settings/keyNames'
import { useAccounts } from '../../model/settings/queries'
import type { ChoiceGroup } from '../../ui/ChoiceList'
import { actionChoices, actorChoices, type Scope } from './useAccessFilters'

/** The actors and the actions that an access log can be filtered by. */
export interface AccessChoices {
  actors: ChoiceGroup[]
  actions: ChoiceGroup[]
}

/** The choices of a log; actors in its rows and chosen ones are always among them. */
export function useAccessChoices(tenant: Tenant, scope: Scope, entries: Entry[], chosen: string[]): AccessChoices {
  const messages = useAdminMessages()
  const accounts = useAccounts(tenant.id).data ?? []
  const apiKeys = useApiKeys(tenant.id).data ?? []
  const ofServer = accounts.filter((account) => !account.tenant)
  const actors =
    scope === 'tenant'
      ? actorChoices(accounts, apiKeys, entries, chosen, messages)
      : actorChoices(ofServer, [], entries, chosen, messages)
  return { actors: actors.filter(({ choices }) => choices.length > 0), actions: actionChoices(messages) }
}
