import type { Widen } from './en'
import type { timeEn } from './time.en'

const weekdays = ['周日', '周一', '周二', '周三', '周四', '周五', '周六']
const day = (value: number) => weekdays[value] ?? ''

export const timeZh: Widen<typeof timeEn> = {
  ranges: {
    today: '今天',
    last_7_days: '近 7 天',
    last_30_days: '近 30 天',
    last_90_days: '近 90 天',
    yesterday: '昨天',
    last_week: '上周',
    this_month: '本月',
    last_month: '上月',
    custom: '自定义',
  },
  rangeInText: {
    today: '今天',
    last_7_days: '近 7 天',
    last_30_days: '近 30 天',
    last_90_days: '近 90 天',
    yesterday: '昨天',
    last_week: '上周',
    this_month: '本月',
    last_month: '上月',
    custom: '自定义时段',
  },
  freeze: '固定时段',
  freezeHint: '固定起止时间，使此页面的链接始终显示同一时段',
  perBucket: {
    '1m': '分钟',
    '5m': '5 分钟',
    '15m': '15 分钟',
    '1h': '小时',
    '3h': '3 小时',
    '6h': '6 小时',
    '12h': '12 小时',
    '1d': '天',
    '7d': '周',
    '1mo': '月',
    '1y': '年',
  },

  weekday: day,
  shortMoment: (m, d, time) => `${m}月${d}日 ${time}`,
  longMoment: (w, m, d, time) => `${m}月${d}日（${day(w)}）${time}`,
  longMomentWithYear: (w, y, m, d, time) => `${y}年${m}月${d}日（${day(w)}）${time}`,
  longDay: (w, m, d) => `${m}月${d}日（${day(w)}）`,
  longDayWithYear: (w, y, m, d) => `${y}年${m}月${d}日（${day(w)}）`,
  axisFirstDay: (w, m, d) => `${m}月${d}日 ${day(w)}`,
  axisDay: (w, d) => `${d}日 ${day(w)}`,
  axisDate: (m, d) => `${m}月${d}日`,
  axisMonth: (y, m) => `${y}年${m}月`,
  axisYear: (y) => `${y}年`,
  secondsAgo: (count) => (count < 1 ? '刚刚' : `${count} 秒前`),
  minutesAgo: (count) => `${count} 分钟前`,
  hoursAgo: (count) => `${count} 小时前`,
  daysAgo: (count) => `${count} 天前`,
  ahead: '晚于当前时间',
  timeHint: (utc, offset, received) => `${utc} UTC（显示为 ${offset}），接收于 ${received}`,
}
