const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const month = (value: number) => months[value - 1] ?? ''
const day = (value: number) => weekdays[value] ?? ''

export const timeEn = {
  ranges: {
    today: 'Today',
    last_7_days: '7 days',
    last_30_days: '30 days',
    last_90_days: '90 days',
    yesterday: 'Yesterday',
    last_week: 'Last week',
    this_month: 'This month',
    last_month: 'Last month',
    custom: 'Custom',
  },
  rangeInText: {
    today: 'today',
    last_7_days: 'last 7 days',
    last_30_days: 'last 30 days',
    last_90_days: 'last 90 days',
    yesterday: 'yesterday',
    last_week: 'last week',
    this_month: 'this month',
    last_month: 'last month',
    custom: 'custom period',
  },
  freeze: 'Freeze',
  freezeHint: 'Fix start and end, so that a link to this page always shows the same period',
  perBucket: {
    '1m': 'min',
    '5m': '5 min',
    '15m': '15 min',
    '1h': 'h',
    '3h': '3 h',
    '6h': '6 h',
    '12h': '12 h',
    '1d': 'day',
    '7d': 'week',
    '1mo': 'month',
    '1y': 'year',
  },

  weekday: day,
  shortMoment: (m: number, d: number, time: string) => `${d} ${month(m)} ${time}`,
  longMoment: (w: number, m: number, d: number, time: string) => `${day(w)} ${d} ${month(m)} ${time}`,
  longMomentWithYear: (w: number, y: number, m: number, d: number, time: string) =>
    `${day(w)} ${d} ${month(m)} ${y} ${time}`,
  longDay: (w: number, m: number, d: number) => `${day(w)} ${d} ${month(m)}`,
  longDayWithYear: (w: number, y: number, m: number, d: number) => `${day(w)} ${d} ${month(m)} ${y}`,
  axisFirstDay: (w: number, m: number, d: number) => `${day(w)} ${d} ${month(m)}`,
  axisDay: (w: number, d: number) => `${day(w)} ${d}`,
  axisDate: (m: number, d: number) => `${d} ${month(m)}`,
  axisMonth: (y: number, m: number) => `${month(m)} ${y}`,
  axisYear: (y: number) => String(y),
  secondsAgo: (count: number) => (count < 1 ? 'just now' : `${count} s ago`),
  minutesAgo: (count: number) => `${count} min ago`,
  hoursAgo: (count: number) => `${count} h ago`,
  daysAgo: (count: number) => (count === 1 ? '1 day ago' : `${count} days ago`),
  ahead: 'in the future',
  timeHint: (utc: string, offset: string, received: string) => `${utc} UTC (shown as ${offset}), received ${received}`,
}
