import { problemText } from '../../lib/problem'
import type { Filters } from '../../model/log/filters'
import { Notice } from '../../ui/Notice'
import { AccessDialog } from './AccessDialog'
import { AccessEmpty } from './AccessEmpty'
import { AccessTable } from './AccessTable'
import type { ActionContext } from './actions'
import type { ActiveFilter } from './activeFilterTexts'
import type { useAccessRows } from './useAccessRows'

interface Props {
  rows: ReturnType<typeof useAccessRows>
  context: ActionContext
  filters: Filters
  active: ActiveFilter[]
  onFilters: (next: Filters) => void
}

/** The table of an access log, a notice if its rows failed to load or there are none, and the entry that is open. */
export function AccessRows({ rows, context, filters, active, onFilters }: Props) {
  const { messages, common } = context
  const { access, entries, dimmed, opened, setOpened } = rows
  const hasRows = entries.length > 0
  return (
    <>
      {access.error && (
        <Notice kind="error" action={common.retry} onAction={rows.retry}>
          {messages.failed(problemText(access.error))}
        </Notice>
      )}
      {rows.loading && (
        <p className="loading-late" role="status">
          {messages.loading}
        </p>
      )}
      {hasRows && (
        <div className={dimmed ? 'access-dimmed' : undefined} aria-busy={dimmed}>
          <AccessTable
            key={rows.shownQuery}
            entries={entries}
            context={context}
            hasMore={access.hasNextPage && !access.error && !access.isPlaceholderData}
            onMore={rows.more}
            onOpen={setOpened}
          />
        </div>
      )}
      {access.data && !access.hasNextPage && hasRows && (
        <p className="access-end">{messages.access.end(entries.length)}</p>
      )}
      {access.data && !hasRows && !rows.searching && (
        <AccessEmpty filters={filters} active={active} onFilters={onFilters} />
      )}
      {access.isFetchingNextPage && <p className="access-end">{common.loadingMore}</p>}
      {opened && (
        <AccessDialog
          tenant={rows.owner}
          entry={opened}
          context={context}
          onFilter={(next) => {
            setOpened(undefined)
            onFilters({ ...filters, ...next })
          }}
          onClose={() => setOpened(undefined)}
        />
      )}
    </>
  )
}
