import type { emptyEn } from './empty.en'
import type { Widen } from './en'
import { n } from './numbers'

export const emptyZh: Widen<typeof emptyEn> = {
  noMatchOne: '没有操作符合这个条件',
  noMatch: (count) => `没有操作同时符合这 ${n(count)} 个条件`,
  noneInPeriod: '此时段内没有操作',
  searchCovered: (period) => `已搜索${period}的全部操作，不限于屏幕上显示的内容。`,
  notSearched: '搜索范围为用户、功能模块和操作内容；不含角色、组织、IP 地址、结果、变更和详情。',
  filterInstead: '改用筛选',
  takeOneAway: '移除一个条件后：',
  countIn: (count, period) => `${period}内 ${n(count)} 条`,
  widen: { last_7_days: '扩大到 7 天', last_30_days: '扩大到 30 天', last_90_days: '扩大到 90 天' },
  noneYet: '还没有任何操作记录。',
  noneYetText: '系统为此租户记录操作后，将显示在这里。',
  coveredText: {
    today: '今天',
    last_7_days: '近 7 天',
    last_30_days: '近 30 天',
    last_90_days: '近 90 天',
    yesterday: '昨天',
    last_week: '上周',
    this_month: '本月',
    last_month: '上月',
    custom: '此时段',
  },
  sendTest: '发送一条测试记录',
}
