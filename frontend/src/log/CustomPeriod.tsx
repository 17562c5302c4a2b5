import { Button, DatePicker } from 'antd'
import dayjs, { type Dayjs } from 'dayjs'
import 'dayjs/locale/zh-cn'
import { useState } from 'react'
import { useViewport } from '../frame/viewport'
import { useLanguage, useWords } from '../i18n/language'
import { exactTime, instantOf, offsetText, wallTime } from '../time/zone'

interface Props {
  from: string | undefined
  to: string | undefined
  zone: string
  /** Without it a change counts at once. */
  withApply?: boolean
  onChange: (from: string, to: string) => void
}

/** The picker knows only its own zone, so it is given the wall clock of the tenant's as plain numbers, and asked for them again. */
function toPicker(iso: string | undefined, zone: string): Dayjs | null {
  if (!iso) return null
  const wall = wallTime(Date.parse(iso), zone)
  return dayjs(new Date(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second))
}

function fromPicker(value: Dayjs, zone: string): string {
  const wall = {
    year: value.year(),
    month: value.month() + 1,
    day: value.date(),
    hour: value.hour(),
    minute: value.minute(),
    second: value.second(),
  }
  return new Date(instantOf(wall, zone)).toISOString()
}

/** Two dates with times, in the tenant's zone; on a phone, its own two fields for them. */
export default function CustomPeriod(props: Props) {
  return useViewport() < 768 ? <PhonePeriod {...props} /> : <DeskPeriod {...props} />
}

function PhonePeriod({ from, to, zone, withApply, onChange }: Props) {
  const words = useWords()
  const text = (iso: string | undefined) => (iso ? exactTime(iso, zone).slice(0, 16).replace(' ', 'T') : '')
  const [start, setStart] = useState(text(from))
  const [end, setEnd] = useState(text(to))

  function send(start: string, end: string) {
    if (start && end) onChange(instantOfField(start, zone), instantOfField(end, zone))
  }

  return (
    <div className="custom-period custom-period-phone">
      <label>
        {words.from}
        <input
          type="datetime-local"
          value={start}
          onChange={(event) => {
            setStart(event.target.value)
            if (!withApply) send(event.target.value, end)
          }}
        />
      </label>
      <label>
        {words.to}
        <input
          type="datetime-local"
          value={end}
          onChange={(event) => {
            setEnd(event.target.value)
            if (!withApply) send(start, event.target.value)
          }}
        />
      </label>
      <p>{words.zoneNote(zone, offsetText(Date.now(), zone))}</p>
      {withApply && (
        <Button type="primary" block disabled={!start || !end} onClick={() => send(start, end)}>
          {words.apply}
        </Button>
      )}
    </div>
  )
}

/** The instant of a field's `2026-11-20T16:41`, in the tenant's zone. */
function instantOfField(value: string, zone: string): string {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = value.split(/[-T:]/).map(Number)
  return new Date(instantOf({ year, month, day, hour, minute, second: 0 }, zone)).toISOString()
}

function DeskPeriod({ from, to, zone, withApply, onChange }: Props) {
  const { tag, words } = useLanguage()
  dayjs.locale(tag === 'en' ? 'en' : 'zh-cn')
  const [value, setValue] = useState<[Dayjs | null, Dayjs | null]>([toPicker(from, zone), toPicker(to, zone)])
  const [start, end] = value

  function send(start: Dayjs | null, end: Dayjs | null) {
    if (start && end) onChange(fromPicker(start, zone), fromPicker(end, zone))
  }

  return (
    <div className="custom-period">
      <DatePicker.RangePicker
        showTime={{ defaultValue: [dayjs().startOf('day'), dayjs().startOf('day')] }}
        format="YYYY-MM-DD HH:mm:ss"
        allowClear={false}
        value={value}
        placeholder={[words.from, words.to]}
        getPopupContainer={(trigger) => trigger.parentElement ?? document.body}
        onChange={(next) => {
          const pair: [Dayjs | null, Dayjs | null] = [next?.[0] ?? null, next?.[1] ?? null]
          setValue(pair)
          if (!withApply) send(...pair)
        }}
      />
      {withApply && (
        <Button type="primary" disabled={!start || !end} onClick={() => send(start, end)}>
          {words.apply}
        </Button>
      )}
      <p>{words.zoneNote(zone, offsetText(Date.now(), zone))}</p>
    </div>
  )
}
