import type { Widen } from './en'
import type { readOnlyEn } from './readOnly.en'

const numerals = ['零', '一', '两', '三', '四', '五', '六', '七']
const numeral = (count: number) => numerals[count] ?? ` ${count} `

export const readOnlyZh: Widen<typeof readOnlyEn> = {
  readOnly:
    '日志当前为只读状态，无法记录新操作，查询和导出不受影响。服务器磁盘可以写入后会自动恢复记录；如果服务器在此之前重启，需要重新登录。',
  readOnlyReason: '原因见“设置 › 系统”。',
  quorumLost: (unreachable, nodes) =>
    unreachable === 0
      ? `${numeral(nodes)}个节点没有主节点，暂停记录。`
      : `${numeral(nodes)}个节点中有${numeral(unreachable)}个离线，暂停记录。`,
  asOf: (time) => `当前显示本节点截至 ${time} 的数据`,
  age: (ago) => `（${ago}）。`,
  asOfUnknown: '当前显示本节点的数据，可能不是最新的。',
  senders: '发送方收到 503，应重试。',
  whatToDo: '如何处理',
  liveOff: '实时已关闭：能互相联系的节点不足',
  asFarAsKnown: (from) => `${from}${from.endsWith('）') ? '' : ' '}以来（以本节点已有的数据为准）`,
  dataUntil: (time) => `本节点的数据截至 ${time}。`,
  exportLater: '每次导出都会记录，节点恢复联系后才能新建导出。',
}
