import { DatePicker } from 'antd'
import dayjs, { type Dayjs } from 'dayjs'
import 'dayjs/locale/zh-cn'
import { useState } from 'react'
import { useLanguage } from '../i18n/language'
import { AntTheme } from '../theme/AntTheme'
import { Button } from '../theme/Button'
import { instantOf, offsetText, wallTime } from '../time/zone'
import type { PeriodProps } from './CustomPeriod'

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

/** The calendar of Ant Design, which is loaded when it is first asked for. */
export default function DeskPeriod({ from, to, zone, withApply, onChange, foot }: PeriodProps) {
  const { tag, words } = useLanguage()
  dayjs.locale(tag === 'en' ? 'en' : 'zh-cn')
  const [value, setValue] = useState<[Dayjs | null, Dayjs | null]>([toPicker(from, zone), toPicker(to, zone)])
  const [start, end] = value

  function send(start: Dayjs | null, end: Dayjs | null) {
    if (start && end) onChange(fromPicker(start, zone), fromPicker(end, zone))
  }

  return (
    <div className="custom-period">
      <AntTheme>
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
      </AntTheme>
      {withApply && (
        <Button kind="primary" disabled={!start || !end} onClick={() => send(start, end)}>
          {words.apply}
        </Button>
      )}
      <p>{words.zoneNote(zone, offsetText(Date.now(), zone))}</p>
      {foot}
    </div>
  )
}
