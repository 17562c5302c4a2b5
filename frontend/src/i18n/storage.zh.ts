import type { Widen } from './en'
import type { storageEn } from './storage.en'

export const storageZh: Widen<typeof storageEn> = {
  store: '存储占用',
  indexBytes: '索引占用',
  free: '磁盘剩余空间',
  freeText: (free, reserve) => `${free}，其中 ${reserve} 仅供记录使用`,
  reserveOnly: (free) => `${free}，仅供记录使用：释放空间之前，查阅、导出和备份将被拒绝`,
  accessLog: '访问日志',
  accessText:
    '查阅、导出和管理日志的记录。与操作日志一样按整日删除，每次删除都会记入其中；处于法律保留中的日期同样保留。',
  accessChange: '编辑访问日志规则',
  accessTitle: '编辑访问日志的保留期限',
  accessHint: (least) => `至少 ${least} 天。`,
}
