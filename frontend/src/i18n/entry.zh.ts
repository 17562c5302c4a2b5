import type { Widen } from './en'
import type { entryEn } from './entry.en'
import { n } from './numbers'
import { spaced } from './spacing'

export const entryZh: Widen<typeof entryEn> = {
  entryId: '记录 ID',
  copyEntryId: '复制记录 ID',
  recordedBy: '记录来源',
  entry: '操作记录',
  previousEntry: '上一条（k）',
  nextEntry: '下一条（j）',
  copyEntryLink: '复制此条链接',
  closeEntry: '关闭（Esc）',
  position: (index, total) => `第 ${n(index)} / ${n(total)} 条`,
  noContent: '无操作内容',
  todayUnder: (name) => spaced('现属', name),
  todayArchived: '现已归档',
  received: '接收时间',
  later: (seconds) => `${seconds} 秒后`,
  minutesLater: (count) => `${n(count)} 分钟后`,
  hoursLater: (count) => `${n(count)} 小时后`,
  daysLater: (count) => `${n(count)} 天后`,
  source: '来源',
  changes: (count) => `变更（${n(count)} 处）`,
  field: '字段',
  before: '变更前',
  after: '变更后',
  showAllLines: (count) => `显示全部 ${n(count)} 行`,
  details: '详情',
  history: (count) => `此内容的历史（${count} 条）`,
  thisEntry: '本条',
  showInLog: '在日志中查看',
  sameUser: '同一用户',
  sameUserCount: (count, name) => `${spaced('本时段内', name, '的')} ${n(count)} 条操作`,
  noSuchEntry: '该记录不存在，或您无权查看。',
  noEntryOfIdWithSeq: (id, seq) =>
    `没有 ID 为 ${id}、序号（seq）为 ${seq} 的记录，或您无权查看。该序号可能属于另一条记录。`,
  noEntryWithSeq: (seq) => `没有序号（seq）为 ${seq} 的记录，或您无权查看。`,
  noSeq: '链接中的序号（seq）不是 1 以上的整数，没有这样的记录。',
  deletedEntry: (date) => `已按保留规则于 ${date} 删除。`,
  entryFailed: (detail) => `无法读取该记录：${detail}`,
  proven: '已证明未被改动',
  provenSince: (time) => `（自 ${time} 接收起）。`,
  provenLate: (time, { unit, count }) => {
    const duration = { minutes: '分钟', hours: '小时', days: '天' }[unit]
    return `（自 ${time} 接收起，接收时间比操作时间晚 ${n(count)} ${duration}）。`
  },
  provenText: (seq, size) => `第 ${n(seq)} 条记录包含在检查点中（共 ${n(size)} 条）。`,
  witnessed: (name, time) => `已由 ${name} 于 ${time} 见证。`,
  witnessRefuses: (name, since) =>
    since ? `见证方 ${name} 自 ${since} 起拒绝确认此日志。` : `见证方 ${name} 拒绝确认此日志。`,
  witnessRefusesText: '记录可能已被删除或修改。请告知审计人员，并用 oplog verify 将日志与异地保存的检查点比对。',
  witnessSilent: (name, since) => (since ? `见证方 ${name} 自 ${since} 起没有响应。` : `见证方 ${name} 没有响应。`),
  waiting: '等待下一个检查点',
  mismatch: '与检查点不符。',
  notChecked: (reason) => `未验证：${reason}`,
  checking: '正在验证…',
  copyProof: '复制证明',
  copyDetails: '复制详情',
  trustKey: '今后信任此密钥',
  reasons: {
    insecure: '浏览器仅在通过 HTTPS 或本机访问时提供所需功能。',
    noProof: '服务器未提供证明。',
    unreadable: '无法读取记录的原始字节。',
    path: '记录的原始字节与已签名的树根不符。',
    differs: '记录的原始字节与显示的内容不一致。',
    signature: '检查点不是由此服务器签名的。',
    origin: '检查点属于另一份日志。',
    key: '无法读取此服务器的公钥。',
    keyChanged:
      '签名密钥与此浏览器之前见过的不同，且新密钥未由旧密钥签名。请向可信的人索取公钥，与“设置”中的公钥比对。',
    keyReplaced: '旧密钥丢失，日志启用了新密钥，此浏览器无法自动确认。请向可信的人索取公钥，与“设置”中的公钥比对。',
    rewritten:
      '日志与此浏览器之前见过的内容不连续：记录可能已被删除或修改，或者恢复了旧备份。请告知审计人员，并将日志与异地保存的检查点比对。',
    growth: '服务器未能证明日志自您上次访问以来只增不改。',
    unsupported: '此浏览器无法验证检查点的签名。',
  },
}
