import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import type { Dictionary } from '../../i18n/en'
import { useMessages } from '../../i18n/language'
import { ApiProblem, problemText } from '../../lib/problem'
import type { Step } from '../../lib/steps'
import { exactPeriod } from '../../lib/time/phrases'
import { exactTime } from '../../lib/time/zone'
import { beginAction } from '../../model/api/action'
import { queryKeys } from '../../model/api/queryKeys'
import type { Entry, Tenant } from '../../model/api/types'
import { useActions } from '../../model/api/useActions'
import { useTitles } from '../../model/log/catalog'
import { type Field, type FilterName, type Filters, type Ignored, isList, writeFilters } from '../../model/log/filters'
import IgnoredNotice from '../../model/log/IgnoredNotice'
import { filterValues, shortList, useNames } from '../../model/log/names'
import { useOrganizations } from '../../model/log/queries'
import { useKeyNames } from '../../model/settings/keyNames'
import { useAccounts, useApiKeys } from '../../model/settings/queries'
import { useScrollRegion } from '../../ui/hooks/scrollRegion'
import { useDelayed } from '../../ui/hooks/useDelayed'
import { useLastDefined } from '../../ui/hooks/useLastDefined'
import { Notice } from '../../ui/Notice'
import { useCopy } from '../../ui/useCopy'
import { AccessDialog } from './AccessDialog'
import { AccessEmpty } from './AccessEmpty'
import { AccessFilters } from './AccessFilters'
import { AccessPrint } from './AccessPrint'
import { AccessTable } from './AccessTable'
import { useAccess } from './accessQueries'
import type { ActionContext } from './actions'
import { actionChoices, activeIn, actorChoices, type Scope } from './useAccessFilters'
import './access.css'

interface Props {
  tenant: Tenant
  scope: Scope
  filters: Filters
  /** Parameters of the URL that are ignored. */
  ignored: Ignored[]
  onFilters: (next: Filters, how?: Step) => void
}

/** The rows of an access log, below what they are narrowed to. */
export function AccessLog({ tenant, scope, filters, ignored, onFilters }: Props) {
  const common = useMessages()
  const messages = useAdminMessages()
  const copy = useCopy()
  const client = useQueryClient()
  const region = useScrollRegion()
  const [opened, setOpened] = useState<Entry>()
  const access = useAccess(scope === 'tenant' ? tenant.id : null, filters)
  const pages = useLastDefined(access.data)
  const entries = useMemo(() => pages?.pages.flatMap((page) => page.entries) ?? [], [pages])
  const searching = access.isFetching && !access.isFetchingNextPage
  const dimmed = useDelayed(searching, 200) && pages !== undefined
  const query = writeFilters(filters).toString()
  useActions(`${scope} ${tenant.id}`, query, opened, () => {
    const queryKey = queryKeys.accessEntry(scope === 'tenant' ? tenant.id : null, opened?.id ?? '')
    client.invalidateQueries({ queryKey, exact: true, refetchType: 'none' })
  })
  const shown = useLastDefined(access.data && !access.isPlaceholderData ? query : undefined) ?? query

  const organizations = useOrganizations(tenant.id, tenant.data_permission)
  const titles = useTitles(tenant.id)
  const keyNames = useKeyNames(tenant.id, true)
  const nameOf = useNames([], undefined, organizations.data, titles, keyNames)
  const context: ActionContext = { messages, common, zone: tenant.time_zone, nameOf }

  const accounts = useAccounts(tenant.id).data ?? []
  const apiKeys = useApiKeys(tenant.id).data ?? []
  const actors =
    scope === 'tenant'
      ? actorChoices(accounts, apiKeys, entries, filters.user, messages)
      : actorChoices(
          accounts.filter((account) => !account.tenant),
          [],
          entries,
          filters.user,
          messages,
        )
  const actions = actionChoices(messages)

  /** The title of a filter's value, as in its list of choices. */
  function titleOf(field: Field, value: string): string {
    const groups = { user: actors, operation: actions }[field as string]
    return groups?.flatMap(({ choices }) => choices).find((choice) => choice.value === value)?.title ?? value
  }
  const labels: Partial<Record<FilterName, string>> = {
    q: common.search,
    user: messages.access.user,
    operation: messages.access.action,
    module: common.functionalModule,
    contentId: messages.access.about,
    period: messages.access.time,
  }
  const active = activeIn(filters).map((name) => ({
    name,
    label: labels[name] ?? name,
    text: isList(name)
      ? shortList(filterValues(filters, name, titleOf), common.more, common.listJoin)
      : name === 'q'
        ? filters.q.trim()
        : periodText(filters, tenant.time_zone, common),
  }))

  function filter(next: Filters, how?: Step) {
    region?.scrollTo({ top: 0 })
    onFilters(next, how)
  }

  function retry() {
    if (access.data) return access.fetchNextPage()
    beginAction('page')
    return access.refetch()
  }

  const hasRows = entries.length > 0
  return (
    <div>
      <AccessFilters
        filters={filters}
        active={active}
        zone={tenant.time_zone}
        actors={actors.filter(({ choices }) => choices.length > 0)}
        actions={actions}
        refused={access.error instanceof ApiProblem && access.error.status === 422 ? access.error.locations : []}
        onFilters={filter}
        onCopyLink={() => copy(window.location.href, common.linkCopied)}
      >
        <AccessPrint
          key={`${scope} ${query}`}
          tenant={tenant}
          scope={scope}
          filters={filters}
          active={active}
          entries={entries}
          hasMore={access.hasNextPage}
          context={context}
        />
      </AccessFilters>
      {ignored.length > 0 && (
        <IgnoredNotice
          ignored={ignored}
          source="link"
          period={shownPeriod(filters, tenant.time_zone, common) ?? messages.access.allTimeInText}
          onClose={() => onFilters(filters, { replace: true })}
        />
      )}
      {access.error && (
        <Notice kind="error" action={common.retry} onAction={retry}>
          {messages.failed(problemText(access.error))}
        </Notice>
      )}
      {access.isPending && !pages && (
        <p className="loading-late" role="status">
          {messages.loading}
        </p>
      )}
      {hasRows && (
        <div className={dimmed ? 'access-dimmed' : undefined} aria-busy={dimmed}>
          <AccessTable
            key={shown}
            entries={entries}
            context={context}
            hasMore={access.hasNextPage && !access.error && !access.isPlaceholderData}
            onMore={() => !access.isFetching && access.fetchNextPage()}
            onOpen={setOpened}
          />
        </div>
      )}
      {access.data && !access.hasNextPage && hasRows && (
        <p className="access-end">{messages.access.end(entries.length)}</p>
      )}
      {access.data && !hasRows && !searching && <AccessEmpty filters={filters} active={active} onFilters={filter} />}
      {access.isFetchingNextPage && <p className="access-end">{common.loadingMore}</p>}
      {opened && (
        <AccessDialog
          tenant={scope === 'tenant' ? tenant.id : null}
          entry={opened}
          context={context}
          onFilter={(next) => {
            setOpened(undefined)
            filter({ ...filters, ...next })
          }}
          onClose={() => setOpened(undefined)}
        />
      )}
    </div>
  )
}

function shownPeriod(filters: Filters, zone: string, messages: Dictionary): string | undefined {
  if (filters.from || filters.to) return periodText(filters, zone, messages)
  return filters.range && messages.rangeInText[filters.range]
}

/** A period of one's own, of which an end may be open. */
function periodText({ from, to }: Filters, zone: string, messages: Dictionary): string {
  if (from && to) return exactPeriod(Date.parse(from), Date.parse(to), zone, messages)
  const moment = (time: string | undefined) => (time ? exactTime(time, zone) : '…')
  return messages.period(moment(from), moment(to))
}
