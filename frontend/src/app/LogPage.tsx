import { type InfiniteData, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { useParams } from 'react-router'
import { FilterBar, type Opened } from '../features/filters/FilterBar'
import { useFilters } from '../features/filters/useFilters'
import { Histogram } from '../features/histogram/Histogram'
import { zoomedOut } from '../features/histogram/zoom'
import { EmptyState } from '../features/list/EmptyState'
import { toDay } from '../features/list/jump'
import { LiveControls } from '../features/list/LiveControls'
import { LogFoot } from '../features/list/LogFoot'
import { LogNotices } from '../features/list/LogNotices'
import { LogPaper } from '../features/list/LogPaper'
import { LogTable } from '../features/list/LogTable'
import { searchTerms } from '../features/list/matches'
import { TableOptions } from '../features/list/TableOptions'
import { WordsLine } from '../features/list/WordsLine'
import { OrganizationPanel } from '../features/organizations/OrganizationPanel'
import { usePanel } from '../features/organizations/usePanel'
import { tasteWith } from '../features/views/look'
import { type ViewContext, ViewsMenu } from '../features/views/ViewsMenu'
import { useWords } from '../i18n/language'
import { ApiProblem, isProblem } from '../lib/problem'
import { dayAt } from '../lib/time/days'
import { beginAct, useActs } from '../model/api/act'
import { keys } from '../model/api/keys'
import type { Entry, EntryPage, Preset, Tenant } from '../model/api/types'
import {
  activeFilters,
  cleared,
  endsNow,
  type FilterName,
  fieldOf,
  frozen,
  goesOn,
  hasChoices,
  hasSelection,
  isExclusion,
  type ListFilter,
  moves,
  readFilters,
  selectionAlone,
  toggled,
  without,
  withoutSelection,
  withPeriod,
  writeFilters,
} from '../model/log/filters'
import { filterLabel, filterPhrase, filterText } from '../model/log/filterWords'
import { layoutFor } from '../model/log/layout'
import { useTaste } from '../model/log/useTaste'
import { type Chip, Chips } from '../ui/Chips'
import { useDocumentTitle } from '../ui/hooks/documentTitle'
import { part, readParts } from '../ui/hooks/part'
import { useNow } from '../ui/hooks/slow'
import { useKey } from '../ui/hooks/useKey'
import { useViewport } from '../ui/hooks/viewport'
import { Mishap } from '../ui/Mishap'
import { useCopy } from '../ui/useCopy'
import { TopBar } from './TopBar'
import { useLog } from './useLog'
import { useOpenEntry } from './useOpenEntry'
import '../ui/log.css'

const EntryDrawer = lazy(part(() => import('../features/entry/EntryDrawer')))
const JumpDialog = lazy(part(() => import('../features/list/JumpDialog')))
const ExportDialog = lazy(part(() => import('../features/exports/ExportDialog')))
const FilterSheet = lazy(
  part(() => import('../features/filters/FilterSheet').then((module) => ({ default: module.FilterSheet }))),
)

export function LogPage({ tenant }: { tenant: Tenant }) {
  const words = useWords()
  const copy = useCopy()
  const client = useQueryClient()
  const { entry: openId } = useParams()
  const [taste, setTaste] = useTaste()
  // An entry that was opened by its address alone stands in the usual list.
  const { filters, setFilters } = useFilters(openId === undefined ? tenant.start : undefined, ({ table }) => {
    if (table) setTaste(tasteWith(taste, table))
  })
  const [dialog, setDialog] = useState<'export' | 'filters' | 'jump'>()
  const [beginAt, setBeginAt] = useState<FilterName>()
  const [opened, setOpened] = useState<Opened>()
  const now = useNow()
  const zone = tenant.time_zone
  useDocumentTitle(words.operationLog)

  const panel = usePanel()
  const hasTree = tenant.data_permission
  const layout = layoutFor(useViewport(), hasTree && !panel.closed ? panel.width : 0, openId !== undefined)
  const showTree = hasTree && layout.tree && !panel.closed

  const log = useLog(tenant, filters)
  const { entries, summary, titles, nameOf, error } = log
  useEffect(() => {
    if (log.hasRead) readParts()
  }, [log.hasRead])
  /** What is wrong with the filters: asking again would not help. */
  const refused = error instanceof ApiProblem && error.status === 422 ? error.locations : undefined
  const terms = useMemo(() => searchTerms(filters.q), [filters.q])
  const query = writeFilters(filters).toString()
  const { name: open, seq: openSeq, open: openEntry } = useOpenEntry(tenant.id, entries, query)

  useActs(`${tenant.id}?${query}`, open)

  const readRest = useCallback(() => {
    client.invalidateQueries({ queryKey: keys.log(tenant.id) })
  }, [client, tenant.id])
  /** What a person asks for again is another act. */
  const refresh = useCallback(() => {
    beginAct('page')
    readRest()
  }, [readRest])

  /** What could not be read while the server was gone is read when it is back. */
  const unanswered = isProblem(error, 0)
  const readAgain = useCallback(() => {
    if (unanswered) readRest()
  }, [unanswered, readRest])

  function showNew() {
    // From the top again, and only as many rows as that needs.
    client.setQueryData<InfiniteData<EntryPage>>(keys.entries(tenant.id, query), (data) =>
      data ? { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) } : undefined,
    )
    document.querySelector('.log-scroll')?.scrollTo({ top: 0 })
    refresh()
  }

  const openRow = useCallback(
    (entry: Entry) => openEntry(entry, { replace: openId !== undefined }),
    [openEntry, openId],
  )
  const filterBy = useCallback(
    (name: ListFilter, value: string) => setFilters(toggled(filters, name, value)),
    [filters, setFilters],
  )
  function closeEntry() {
    openEntry(undefined)
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.log-row[tabindex="0"]')?.focus())
  }

  function choosePreset(preset: Preset) {
    // The preset that is already on moves with the clock: choosing it again reads what has come since.
    if (filters.range === preset && !hasSelection(filters)) refresh()
    else setFilters({ ...filters, range: preset, from: undefined, to: undefined })
  }

  /** Leaves the selection; a period of one's own gives way to a longer one. */
  function zoomOut() {
    if (hasSelection(filters)) setFilters(withoutSelection(filters))
    else if (!filters.range && log.frame) setFilters(zoomedOut(filters, log.frame, zone, Date.now()))
  }

  useKey('[', () => panel.setClosed(!panel.closed), hasTree && layout.tree)

  function openSheet(at: FilterName | undefined) {
    setBeginAt(at)
    setDialog('filters')
  }

  /** What clicking the text of a chip does: its filter opens, wherever that is at this width. */
  function openFilter(name: FilterName) {
    if (name === 'q') document.querySelector<HTMLElement>('input[type=search]')?.focus()
    else if (name === 'period') setOpened('period')
    else if (layout.table === 'phone') openSheet(name)
    else if (fieldOf(name) !== 'organization') setOpened(fieldOf(name))
    else if (!layout.tree) openSheet(name)
    else {
      panel.setClosed(false)
      requestAnimationFrame(() => document.querySelector<HTMLElement>('[role=treeitem][tabindex="0"]')?.focus())
    }
  }

  useKey('g', () => setDialog('jump'))
  // Nearer things have closed by then: what is open takes the key first.
  useKey('Escape', zoomOut, hasSelection(filters) && openId === undefined)
  useKey('z', () => setFilters(selectionAlone(filters, summary)), filters.from !== undefined && hasSelection(filters))

  const active = activeFilters(filters)
  const chips: Chip<FilterName>[] = active.map((name) => ({
    name,
    excluded: isExclusion(name),
    label: filterLabel(name, words),
    text: filterText(name, filters, nameOf, summary, zone, words),
    onOpen: hasChoices(name) ? () => openFilter(name) : undefined,
  }))
  const context: ViewContext = {
    tenant,
    query,
    shown: words.listJoin([
      ...active.flatMap((name) =>
        name === 'period' ? [] : [filterPhrase(name, filters, nameOf, summary, zone, words)],
      ),
      filters.range && !hasSelection(filters)
        ? words.rangeInText[filters.range]
        : filterText('period', filters, nameOf, summary, zone, words),
    ]),
    taste,
    onOpen: (view) => {
      if (view.table) setTaste(tasteWith(taste, view.table))
      setFilters(withPeriod(readFilters(new URLSearchParams(view.query))))
    },
  }
  const index = openSeq === undefined ? -1 : entries.findIndex((entry) => entry.seq === openSeq)
  const scope = filters.organization.map((id) => nameOf('organization', id))

  return (
    <div className={openId !== undefined && layout.drawer === 'beside' ? 'app with-drawer' : 'app'}>
      <TopBar tenant={tenant} />
      {showTree && (
        <OrganizationPanel
          organizations={log.organizations.data}
          error={log.organizations.error}
          own={log.ownCounts}
          outside={log.outside}
          selected={filters.organization}
          width={panel.width}
          onSelect={(id) => filterBy('organization', id)}
          onWidth={panel.setWidth}
          onCollapse={() => panel.setClosed(true)}
        />
      )}
      <main className={`main main-${layout.table}`}>
        <h1 className="sr">{words.operationLog}</h1>
        <FilterBar
          tenant={tenant}
          filters={filters}
          summary={summary}
          titles={titles}
          nameOf={nameOf}
          layout={layout}
          refused={refused ?? []}
          opened={opened}
          onOpened={setOpened}
          onShowTree={hasTree && layout.tree && panel.closed ? () => panel.setClosed(false) : undefined}
          onFilters={setFilters}
          onPreset={choosePreset}
          onSheet={() => openSheet(undefined)}
          onJump={() => setDialog('jump')}
          onExport={() => setDialog('export')}
        >
          {layout.table === 'phone' && <ViewsMenu {...context} phone />}
        </FilterBar>
        <Chips
          chips={chips}
          onRemove={(name) => setFilters(without(filters, name))}
          onClear={() => setFilters(cleared(filters))}
          onCopyLink={() => copy(window.location.href, words.linkCopied)}
        >
          {layout.table !== 'phone' && <ViewsMenu {...context} />}
        </Chips>
        <Histogram
          summary={log.frame}
          zone={zone}
          selection={hasSelection(filters) ? filters : undefined}
          selectedCount={summary?.total}
          live={endsNow(filters)}
          onSelect={({ from, to }, how) => {
            const end = to ?? (filters.range ? undefined : filters.to)
            setFilters({ ...filters, from, to: end }, how)
          }}
          onClear={zoomOut}
        />
        <WordsLine
          summary={summary}
          filters={filters}
          zone={zone}
          now={now}
          scope={scope.length ? words.listJoin(scope) : undefined}
          onFreeze={
            log.readAt && summary && moves(filters) ? () => setFilters(frozen(filters, summary, log.readAt)) : undefined
          }
        >
          <LiveControls
            tenant={tenant.id}
            query={query}
            possible={goesOn(filters, now)}
            refused={refused !== undefined}
            on={taste.live}
            total={summary?.total}
            readAt={log.readAt}
            onTurn={(live) => setTaste({ ...taste, live })}
            onShow={showNew}
            onBack={readAgain}
          />
          <LogPaper
            key={query}
            tenant={tenant}
            filters={filters}
            entries={entries}
            summary={summary}
            titles={titles}
            nameOf={nameOf}
            hidden={taste.hidden}
            entryOpen={openId !== undefined}
            silent={layout.table === 'phone'}
          />
          {layout.table !== 'phone' && (
            <TableOptions taste={taste} onTaste={setTaste} folded={layout.table === 'folded'} />
          )}
        </WordsLine>
        <LogNotices
          error={error}
          verySlow={log.verySlow}
          cancelled={log.cancelled}
          onRetry={refresh}
          onCancel={() => client.cancelQueries({ queryKey: keys.log(tenant.id) })}
        />
        <LogTable
          entries={entries}
          total={summary?.total}
          layout={layout.table}
          taste={taste}
          onTaste={setTaste}
          onChoose={openFilter}
          openSeq={openSeq}
          dimmed={log.dimmed}
          loading={log.loading}
          hasMore={log.hasMore}
          onMore={log.more}
          onOpen={openRow}
          resetKey={`${tenant.id}?${log.shownQuery}`}
          titles={titles}
          terms={terms}
          zone={zone}
          now={now}
          filters={filters}
          byOrganization={hasTree}
          onFilter={filterBy}
          onCopy={copy}
          empty={
            log.hasRead && !log.searching ? (
              <EmptyState
                tenant={tenant.id}
                filters={filters}
                summary={summary}
                organizations={log.organizations.data}
                zone={zone}
                nameOf={nameOf}
                onFilters={setFilters}
              />
            ) : null
          }
          foot={<LogFoot rows={entries.length} hasMore={log.hasMore} error={log.moreError} onRetry={log.retryMore} />}
        />
      </main>
      <Mishap part where={`${openId} ${dialog}`}>
        <Suspense fallback={null}>
          {open && (
            <EntryDrawer
              tenant={tenant}
              name={open}
              over={layout.drawer === 'over'}
              position={index >= 0 && summary ? { index: index + 1, total: summary.total } : undefined}
              previous={index > 0 ? entries[index - 1] : undefined}
              next={index >= 0 ? entries[index + 1] : undefined}
              filters={filters}
              titles={titles}
              organizations={log.organizations.data}
              onOpen={(entry) => openEntry(entry, { replace: true })}
              onClose={closeEntry}
              onCopy={copy}
            />
          )}
          {dialog === 'export' && (
            <ExportDialog
              tenant={tenant}
              filters={filters}
              titles={titles}
              nameOf={nameOf}
              onClose={() => setDialog(undefined)}
            />
          )}
          {dialog === 'jump' && (
            <JumpDialog
              day={dayAt(filters.to ? Math.min(Date.parse(filters.to) - 1, now) : now, zone)}
              zone={zone}
              onJump={(day) => {
                setDialog(undefined)
                setFilters(toDay(filters, day, zone, log.frame))
              }}
              onClose={() => setDialog(undefined)}
            />
          )}
          {dialog === 'filters' && (
            <FilterSheet
              tenant={tenant}
              filters={filters}
              summary={summary}
              titles={titles}
              organizations={hasTree ? log.organizations.data : undefined}
              nameOf={nameOf}
              at={beginAt}
              onFilters={setFilters}
              onClose={() => setDialog(undefined)}
            />
          )}
        </Suspense>
      </Mishap>
    </div>
  )
}
