import type { calendarEn } from './calendar.en'
import type { Widen } from './en'

export const calendarZh: Widen<typeof calendarEn> = {
  from: '开始',
  to: '结束',
  calendar: '日历',
  previousMonth: '上个月',
  nextMonth: '下个月',
  monthTitle: (y, m) => `${y}年${m}月`,
  todayIs: (name) => `${name}，今天`,
  morePeriods: '更多时段',
  dayNote: '只填日期表示全天；如有需要可加时间，如 2026-01-31 16:41。',
  notADay: '请输入日期，如 2026-01-31；也可加时间，如 2026-01-31 16:41。',
  endsBefore: '结束时间早于开始时间。',
  zoneNote: (zone, offset) => `时区：${zone}（${offset}）。`,
  apply: '应用',
}
