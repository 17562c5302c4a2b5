import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import { useExportsMessages } from '../../i18n/exportsMessages'
import { exactTime, offsetText } from '../../lib/time/zone'
import { visibleText } from '../../lib/visible'
import { actionOf } from '../../model/api/action'
import type { Export, Tenant } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import { activeFilters, calendarPresets, type Filters, presets } from '../../model/log/filters'
import { filterPhrase, type NameOf } from '../../model/log/filterTexts'
import { useSummary } from '../../model/log/queries'
import { CalendarPresets } from '../../model/period/CalendarPresets'
import CustomPeriod from '../../model/period/CustomPeriod'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { Icon } from '../../ui/Icon'
import { Notice } from '../../ui/Notice'
import { Segments, type SegmentsHandle } from '../../ui/Segments'
import { shown } from '../../ui/Shown'
import { refusalText } from './describe'
import { ExportList } from './ExportList'
import { handOver, useExports, useStartExport } from './queries'
import {
  type ExportFormat,
  exportRequest,
  filtersOf,
  type LongColumn,
  longColumns,
  type PeriodChoice,
  type Wanted,
} from './request'
import './exports.css'

const periods: PeriodChoice[] = ['shown', ...presets, 'custom']
const formats: { value: ExportFormat; title: string }[] = [
  { value: 'csv', title: 'CSV' },
  { value: 'xlsx', title: 'Excel (.xlsx)' },
  { value: 'ndjson', title: 'NDJSON' },
]

interface Props {
  tenant: Tenant
  filters: Filters
  titles: Titles
  nameOf: NameOf
  onClose: () => void
}

/** Options of an export with the number of rows; below them the existing exports, running ones with their progress. */
export default function ExportDialog({ tenant, filters, titles, nameOf, onClose }: Props) {
  const messages = useExportsMessages()
  const [wanted, setWanted] = useState<Wanted>({
    period: 'shown',
    custom: undefined,
    filtered: true,
    format: 'csv',
    columns: [],
  })
  const segments = useRef<SegmentsHandle>(null)
  const [started, setStarted] = useState<Started>()
  const start = useStartExport(tenant.id)
  const exports = useExports(tenant.id)
  const zone = tenant.time_zone

  const filtered = useSummary(tenant.id, filtersOf(filters, { ...wanted, filtered: true }))
  const all = useSummary(tenant.id, filtersOf(filters, { ...wanted, filtered: false }))
  const chosen = wanted.filtered ? filtered : all
  const complete = wanted.period !== 'custom' || wanted.custom !== undefined
  const counted = (query: typeof filtered) =>
    complete && query.data && !query.isPlaceholderData ? query.data.total : undefined
  const named = calendarPresets.find((preset) => preset === wanted.period)
  const rows = counted(chosen)
  const running = exports.data?.some((one) => one.id === started?.id && one.status === 'running')
  useDownloadWhenDone(tenant.id, started, exports.data)

  function choosePeriod(period: PeriodChoice) {
    // A custom period begins with the one on screen.
    const custom = period === 'custom' && filtered.data ? { from: filtered.data.from, to: filtered.data.to } : undefined
    setWanted({ ...wanted, period, custom })
  }

  function chooseNamed(period: PeriodChoice) {
    choosePeriod(period)
    // The row of them goes away with the dates; the focus stays with the period.
    requestAnimationFrame(() => segments.current?.focus())
  }

  function toggleColumn(name: LongColumn) {
    const { columns } = wanted
    setWanted({
      ...wanted,
      columns: columns.includes(name) ? columns.filter((one) => one !== name) : [...columns, name],
    })
  }

  function submit() {
    if (!chosen.data || rows === undefined) return
    start.mutate(exportRequest(filtersOf(filters, wanted), wanted, chosen.data), {
      onSuccess: ({ id }) => setStarted({ id, act: actionOf('export') }),
    })
  }

  const scope = activeFilters(filters)
    .filter((name) => name !== 'period')
    .map((name) => {
      const text = filterPhrase(name, filters, nameOf, filtered.data, zone, messages)
      return name === 'organization' || name === 'notOrganization' ? messages.andBelow(text) : text
    })
  return (
    <Dialog title={messages.exportTitle} className="export-dialog" onClose={onClose}>
      <Row label={messages.periodLabel}>
        <Segments
          ref={segments}
          label={messages.periodLabel}
          value={named ? 'custom' : wanted.period}
          segments={periods.map((value) => ({
            value,
            label: value === 'shown' ? messages.asShown : messages.ranges[value === 'custom' && named ? named : value],
          }))}
          onChange={choosePeriod}
        />
        {wanted.period === 'custom' ? (
          <CustomPeriod
            {...(wanted.custom ?? { from: undefined, to: undefined })}
            zone={zone}
            head={<CalendarPresets range={undefined} onPreset={chooseNamed} />}
            onChange={(custom) => setWanted({ ...wanted, custom })}
          />
        ) : (
          <p className="export-note">{chosen.data && shownPeriod(chosen.data)}</p>
        )}
      </Row>
      <Row label={messages.entriesLabel} group="radiogroup">
        <Choice name="entries" checked={wanted.filtered} onChange={() => setWanted({ ...wanted, filtered: true })}>
          <span className="cut" title={visibleText(messages.listJoin(scope))}>
            <b>{messages.asFiltered}</b> <span className="export-scope">{shown(messages.listJoin(scope))}</span>
          </span>
          <small>{rowsText(counted(filtered))}</small>
        </Choice>
        <Choice name="entries" checked={!wanted.filtered} onChange={() => setWanted({ ...wanted, filtered: false })}>
          <span className="cut">{messages.allOfPeriod}</span>
          <small>{rowsText(counted(all))}</small>
        </Choice>
      </Row>
      <Row label={messages.format} group="radiogroup">
        <div className="export-formats">
          {formats.map(({ value, title }) => (
            <Choice
              key={value}
              name="format"
              checked={wanted.format === value}
              onChange={() => setWanted({ ...wanted, format: value })}
            >
              {title}
            </Choice>
          ))}
        </div>
        <p className="export-note">{messages.formatNote[wanted.format]}</p>
      </Row>
      {wanted.format !== 'ndjson' && (
        <Row label={messages.longColumns} group="group">
          <div className="export-columns">
            {longColumns.map((name) => (
              <label key={name} className="export-choice">
                <input type="checkbox" checked={wanted.columns.includes(name)} onChange={() => toggleColumn(name)} />
                {messages.longColumn[name]}
              </label>
            ))}
          </div>
        </Row>
      )}
      {start.error && <Notice kind="error">{messages.exportFailed(refusalText(start.error, messages))}</Notice>}
      <div className="export-foot">
        <p>
          {messages.exportNote[0]}
          <br />
          {running ? messages.exportGoesOn : messages.exportNote[1]}
        </p>
        <Button onClick={onClose}>{started ? messages.done : messages.cancel}</Button>
        <Button kind="primary" disabled={rows === undefined} pending={start.isPending} onClick={submit}>
          <Icon name="download" />
          {rows === undefined ? messages.export : messages.exportRows(rows)}
        </Button>
      </div>
      <section className="export-past" aria-label={messages.earlierExports}>
        <h3>
          {messages.earlierExports}
          <Link className="link" to={`/t/${encodeURIComponent(tenant.id)}/exports`}>
            {messages.allExports}
          </Link>
        </h3>
        <ExportList tenant={tenant} titles={titles} query={exports} limit={4} started={started?.id} />
      </section>
    </Dialog>
  )

  function shownPeriod({ from, to }: { from: string; to: string }): string {
    // The last day of a preset is not over yet: the export ends now.
    const end = new Date(Math.min(Date.parse(to), Date.now())).toISOString()
    const period = messages.period(exactTime(from, zone), exactTime(end, zone))
    return messages.periodInZone(period, zone, offsetText(Date.parse(end), zone))
  }

  function rowsText(count: number | undefined): string {
    return count === undefined ? messages.counting : messages.rows(count)
  }
}

interface Started {
  id: string
  /** The name of the action in the access log. */
  act: string
}

/** An export started in this dialog is handed over as soon as it is written, while the dialog is open. */
function useDownloadWhenDone(tenant: string, started: Started | undefined, exports: Export[] | undefined) {
  const given = useRef<string>(undefined)
  useEffect(() => {
    const one = exports?.find((other) => other.id === started?.id)
    if (!started || one?.status !== 'done' || given.current === one.id) return
    given.current = one.id
    handOver(tenant, one, started.act)
  }, [tenant, started, exports])
}

function Row({ label, group, children }: { label: string; group?: 'radiogroup' | 'group'; children: ReactNode }) {
  return (
    <div className="export-row" {...(group && { role: group, 'aria-label': label })}>
      <span className="export-label">{label}</span>
      <div>{children}</div>
    </div>
  )
}

interface ChoiceProps {
  name: string
  checked: boolean
  onChange: () => void
  children: ReactNode
}

function Choice({ name, checked, onChange, children }: ChoiceProps) {
  return (
    <label className="export-choice">
      <input type="radio" name={name} checked={checked} onChange={onChange} />
      {children}
    </label>
  )
}
