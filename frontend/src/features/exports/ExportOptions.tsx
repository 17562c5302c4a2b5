import { type ReactNode, useRef } from 'react'
import { useExportsMessages } from '../../i18n/exportsMessages'
import { visibleText } from '../../lib/visible'
import { calendarPresets, presets } from '../../model/log/filters'
import { useStale } from '../../model/log/useStale'
import { CalendarPresets } from '../../model/period/CalendarPresets'
import CustomPeriod from '../../model/period/CustomPeriod'
import { Segments, type SegmentsHandle } from '../../ui/Segments'
import { shown } from '../../ui/Shown'
import { exactExportPeriod } from './describe'
import { type ExportFormat, type LongColumn, longColumns, type PeriodChoice } from './request'
import type { ExportForm } from './useExportForm'

const periods: PeriodChoice[] = ['shown', ...presets, 'custom']
const formats: { value: ExportFormat; title: string }[] = [
  { value: 'csv', title: 'CSV' },
  { value: 'xlsx', title: 'Excel (.xlsx)' },
  { value: 'ndjson', title: 'NDJSON' },
]

interface Props {
  form: ExportForm
  zone: string
  /** The filters as text, without the period. */
  scope: string
}

/** The options of an export. */
export function ExportOptions({ form, zone, scope }: Props) {
  return (
    <>
      <PeriodRow form={form} zone={zone} />
      <EntriesRow form={form} scope={scope} />
      <FormatRow form={form} />
      {form.wanted.format !== 'ndjson' && <ColumnsRow form={form} />}
    </>
  )
}

function PeriodRow({ form, zone }: { form: ExportForm; zone: string }) {
  const messages = useExportsMessages()
  const segments = useRef<SegmentsHandle>(null)
  const { wanted, set, filtered, chosen } = form
  const stale = useStale()
  const named = calendarPresets.find((preset) => preset === wanted.period)

  function choose(period: PeriodChoice) {
    // A custom period begins with the one on screen.
    set({ period, custom: period === 'custom' && filtered ? { from: filtered.from, to: filtered.to } : undefined })
  }

  function chooseNamed(period: PeriodChoice) {
    choose(period)
    // The row of them goes away with the dates; the focus stays with the period.
    requestAnimationFrame(() => segments.current?.focus())
  }

  return (
    <Row label={messages.periodLabel}>
      <Segments
        ref={segments}
        label={messages.periodLabel}
        value={named ? 'custom' : wanted.period}
        segments={periods.map((value) => ({
          value,
          label: value === 'shown' ? messages.asShown : messages.ranges[value === 'custom' && named ? named : value],
        }))}
        onChange={choose}
      />
      {wanted.period === 'custom' ? (
        <CustomPeriod
          {...(wanted.custom ?? { from: undefined, to: undefined })}
          zone={zone}
          head={<CalendarPresets range={undefined} onPreset={chooseNamed} />}
          onChange={(custom) => set({ custom })}
        />
      ) : (
        <p className="export-note">{chosen && exactExportPeriod(chosen, zone, messages, stale)}</p>
      )}
    </Row>
  )
}

function EntriesRow({ form, scope }: { form: ExportForm; scope: string }) {
  const messages = useExportsMessages()
  const { wanted, set } = form
  const rowsText = (count: number | undefined, failed: boolean) =>
    count !== undefined ? messages.rows(count) : failed ? '—' : messages.counting
  return (
    <Row label={messages.entriesLabel} group="radiogroup">
      <Choice name="entries" checked={wanted.filtered} onChange={() => set({ filtered: true })}>
        <span className="cut" title={visibleText(scope)}>
          <b>{messages.asFiltered}</b> <span className="export-scope">{shown(scope)}</span>
        </span>
        <small>{rowsText(form.filteredRows, form.filteredFailed)}</small>
      </Choice>
      <Choice name="entries" checked={!wanted.filtered} onChange={() => set({ filtered: false })}>
        <span className="cut">{messages.allOfPeriod}</span>
        <small>{rowsText(form.allRows, form.allFailed)}</small>
      </Choice>
    </Row>
  )
}

function FormatRow({ form: { wanted, set } }: { form: ExportForm }) {
  const messages = useExportsMessages()
  return (
    <Row label={messages.format} group="radiogroup">
      <div className="export-formats">
        {formats.map(({ value, title }) => (
          <Choice key={value} name="format" checked={wanted.format === value} onChange={() => set({ format: value })}>
            {title}
          </Choice>
        ))}
      </div>
      <p className="export-note">{messages.formatNote[wanted.format]}</p>
    </Row>
  )
}

/** The columns that are written only on request. */
function ColumnsRow({ form: { wanted, set } }: { form: ExportForm }) {
  const messages = useExportsMessages()
  const { columns } = wanted

  function toggle(name: LongColumn) {
    set({ columns: columns.includes(name) ? columns.filter((one) => one !== name) : [...columns, name] })
  }

  return (
    <Row label={messages.longColumns} group="group">
      <div className="export-columns">
        {longColumns.map((name) => (
          <label key={name} className="export-choice">
            <input type="checkbox" checked={columns.includes(name)} onChange={() => toggle(name)} />
            {messages.longColumn[name]}
          </label>
        ))}
      </div>
    </Row>
  )
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
