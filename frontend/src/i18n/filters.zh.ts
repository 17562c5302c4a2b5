import type { Widen } from './en'
import type { filtersEn } from './filters.en'
import { n } from './numbers'
import { spaced } from './spacing'

export const filtersZh: Widen<typeof filtersEn> = {
  search: '搜索',
  searchHint: '用户、功能模块、操作内容或内容 ID',
  clearSearch: '清除搜索',
  filters: '筛选',
  all: '全部',
  moreFilters: '更多',
  not: (label) => (/^[A-Za-z]/.test(label) ? `排除 ${label}` : `排除${label}`),
  notThese: (values) => spaced('排除', values),
  ip: 'IP 地址',
  apiKey: 'API 密钥',
  done: '完成',
  nothingFound: '没有找到',
  noOrganizations: '还没有组织。组织由您的系统同步，或随其操作记录添加。',
  export: '导出',

  activeFilters: '已选条件',
  chip: (label) => `${label}：`,
  chipWhole: (label, text) => `${label}：${text}`,
  more: (count) => `等 ${n(count + 1)} 项`,
  removeFilter: (label) => `移除筛选条件：${label}`,
  clearAll: '全部清除',
  copyLink: '复制链接',
  linkCopied: '链接已复制',
  copied: '已复制',
}
