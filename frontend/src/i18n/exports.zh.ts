import type { Widen } from './en'
import type { exportsEn } from './exports.en'
import { n } from './numbers'

export const exportsZh: Widen<typeof exportsEn> = {
  exportTitle: '导出操作日志',
  periodLabel: '时段',
  periodInZone: (period, zone, offset) => `${period}，${zone}（${offset}）`,
  asShown: '当前所选',
  entriesLabel: '范围',
  asFiltered: '按当前筛选',
  allOfPeriod: '此时段的全部操作',
  format: '格式',
  formatNote: {
    csv: 'UTF-8 编码，Excel 打开中文不乱码。不限行数。',
    xlsx: 'Excel 工作簿，写满一张工作表后自动新建下一张。内容不会作为公式运行。',
    ndjson: '每行一个 JSON 对象，含全部字段。不限行数。',
  },
  longColumns: '附加列',
  longColumn: {
    exact_time: '精确时间',
    received: '接收时间',
    key: '密钥',
    user_agent: '用户代理',
    changes: '变更',
    details: '详情',
  },
  rows: (count) => `${n(count)} 行`,
  counting: '正在计数…',
  exportRows: (count) => `导出 ${n(count)} 行`,
  exportNote: ['本次导出会记入访问日志。', '下载为 ZIP，附签名清单。'],
  exportGoesOn: '关闭此窗口不会取消导出。',
  notCounted: (detail) => `无法统计行数：${detail}`,
  exportFailed: (detail) => `无法开始导出：${detail}`,
  exportRefused: (status) =>
    status === 429
      ? '导出的数量或总大小已达上限。请删除不再需要的导出，或等进行中的导出完成后重试'
      : status === 507
        ? '磁盘空间不足，剩余空间仅供记录日志使用。请清理磁盘后重试'
        : '',
  exportsFailed: (detail) => `无法读取导出记录：${detail}`,
  earlierExports: '历史导出',
  allExports: '全部导出',
  noExports: '还没有导出。',
  openLog: '打开操作日志',
  deleteExport: '删除此导出？',
  deleteExportText: (what) => `文件“${what}”及其清单将为所有人删除，日志中的操作不受影响。`,
  exportsText: '从此日志导出的文件。点击日志上方的“导出”可新建。',
  allOperations: '全部操作',
  exportLine: (what, period) => `${what}${what.includes('、') ? '；' : '，'}${period}`,
  madeBy: (name, format, time) => `${name}，${format}，${time}`,
  startedBy: (name, format, time) => `${name}，${format}，${time} 开始`,
  exportWaits: '等待归档恢复',
  rowsOf: (done, total) => `${n(done)} / ${n(total)} 行`,
  download: '下载',
  downloadHint: 'ZIP：导出文件、签名清单、验证公钥和验证说明',
  fileAlone: '仅文件',
  verify: '验证',
  verifyOf: (what) => `验证：${what}`,
  verifyText:
    '凭下载的 ZIP，任何人无需本服务器即可在任何机器上验证其中的文件与日志写出的内容完全一致。请从可信的人那里取得公钥：ZIP 中的公钥本身不能证明任何事。',
  manifest: '仅清单',
  verifyLine: '在 ZIP 所在的文件夹中运行',
  keyFailed: (detail) => `无法读取验证公钥：${detail}`,
  cancelExport: '取消',
  exportStatus: { running: '进行中', done: '已完成', failed: '失败', cancelled: '已取消' },
  kept: (size, time) => (time ? `${size}，保留 ${time}` : size),
  days: (count) => `${n(count)} 天`,
  hours: (count) => `${n(count)} 小时`,
  exportProgress: '导出进度',
}
