import type { Widen } from './en'
import type { ignoredEn } from './ignored.en'

export const ignoredZh: Widen<typeof ignoredEn> = {
  ignored: (source, parameters) => `${source === 'link' ? '链接' : '视图'}中有无法识别的参数，已忽略：${parameters}。`,
  periodInstead: (period) => `当前显示的时段为${period}。`,
  notFiltered: () => '当前结果未按其筛选。',
}
