import type { Dictionary } from './en'
import { entryZh } from './entry.zh'
import { exportsZh } from './exports.zh'
import { filtersZh } from './filters.zh'
import { listZh } from './list.zh'
import { n } from './numbers'
import { sessionZh } from './session.zh'
import { timeZh } from './time.zh'

export const zh: Dictionary = {
  number: n,
  language: '语言',
  listJoin: (items) => items.join('、'),
  gap: () => '',

  user: '用户',
  role: '角色',
  organization: '组织',
  functionalModule: '功能模块',
  operationType: '操作类型',
  content: '操作内容',
  contentId: '内容 ID',
  operationTime: '操作时间',
  operationLog: '操作日志',
  exportsPage: '导出记录',
  settings: '设置',
  checkpoint: '检查点',
  yourSessions: '我的会话',
  noSuchPage: '页面不存在',
  noSuchPageText: '此页面不存在，或您无权查看。',
  pageError: '页面出错了',
  pageErrorText: (detail) => `控制台发生错误：${detail}`,
  pageMissing: '页面无法加载',
  pageMissingText: '服务器未响应，或控制台已更新。',
  partMissing: '页面的这一部分无法加载。',
  noAnswer: '服务器未响应',
  nothingToSearch: '搜索内容中没有文字或数字',
  stillNoAnswer: '服务器仍未响应。',
  reload: '重新加载页面',
  toStart: '返回首页',
  unreachable: (detail) => `无法连接：${detail}`,
  retry: '重试',
  choose: '请选择…',
  paper: {
    print: '打印',
    printed: '打印时间',
    by: (time, name) => `${time}，打印人：${name}`,
    filters: '筛选条件',
    none: '无',
    join: '；',
    period: '时段',
    first: (rows, total) => `共 ${n(total)} 条操作，此处仅含前 ${n(rows)} 条；如需全部，请导出。`,
    asLoaded: (rows, total, most) =>
      `共 ${n(total)} 条操作，此处仅含页面已加载的前 ${n(rows)} 条。使用页面中的“打印”或 Ctrl+P 可打印 ${n(most)} 条。`,
    entries: (rows) => `共 ${n(rows)} 条记录`,
    firstOfMore: (rows) => `此处仅含最新的 ${n(rows)} 条记录，另有更早的记录。`,
    moreUnread: (rows, most) =>
      `此处仅含页面已加载的最新 ${n(rows)} 条记录，另有更早的记录。使用页面中的“打印”或 Ctrl+P 最多可打印 ${n(most)} 条。`,
    failed: (detail) => `打印失败：${detail}`,
  },
  fieldErrors: {
    missing: '此项必填。',
    unchosen: '请选择一项。',
    unfinished: '请从列表中选择组织，或清空搜索内容。',
    short: (least) => `至少 ${least} 个字符。`,
    number: (min, max) => `请输入 ${min} 到 ${max} 之间的整数。`,
    form: '格式无效。',
    id: '仅可使用字母、数字和 . _ -，并以字母或数字开头。',
    date: '请输入日期，如 2026-01-31。',
  },
  menu: '菜单',
  account: '账号',
  tenant: '租户',
  mainNavigation: '主导航',
  roles: { owner: '所有者', admin: '管理员', auditor: '审计员', member: '成员' },

  ...sessionZh,
  ...filtersZh,
  ...timeZh,
  ...listZh,
  ...entryZh,
  ...exportsZh,
}
