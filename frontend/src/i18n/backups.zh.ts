import type { backupsEn } from './backups.en'
import type { Widen } from './en'
import { n } from './numbers'

export const backupsZh: Widen<typeof backupsEn> = {
  backups: '备份',
  backUpNow: '立即备份',
  none: '还没有备份。',
  notSetUp: '未启用定期备份。启动 oplog 时请用 --backup-dir 指定本机以外的目录，并加上 --backup-every 24h。',
  provedAt: (moment) => `最近一次验证可恢复：${moment}`,
  todayAt: (time) => `今天 ${time}`,
  yesterdayAt: (time) => `昨天 ${time}`,
  neverProved: '还没有经过恢复验证的备份。',
  overdue: (moment) =>
    moment === undefined ? '备份已逾期：还没有经过恢复验证的备份。' : `备份已逾期，最近一次通过恢复验证：${moment}。`,
  failed: (reason) => `最近一次备份失败：${reason}`,
  retriedAt: (moment) => `下次重试：${moment}。`,
  phases: {
    copy: '正在备份：复制日志',
    write: (percent) => `正在备份：已写入 ${percent}%`,
    prove: '正在备份：试恢复，以验证备份可用',
  },
  backup: '备份',
  size: '大小',
  proof: '恢复验证',
  encrypted: '已加密',
  restored: '已通过',
  restoredWith: (entries) => `已校验 ${entries} 条记录`,
  notRestored: '未通过',
  unproved: '未验证',
  reliesOn: (entries, days, first, last) => `不含 ${n(days)} 天的 ${n(entries)} 条已归档记录，${first} 至 ${last}`,
  archiveToo: '只在归档中的记录不在本服务器的备份中，恢复后仍需要它们：请同时备份归档所在的数据库。',
  every: {
    days: (count) => (count === 1 ? '每天一次' : `每 ${count} 天一次`),
    hours: (count) => (count === 1 ? '每小时一次' : `每 ${count} 小时一次`),
    minutes: (count) => (count === 1 ? '每分钟一次' : `每 ${count} 分钟一次`),
  },
  whenAsked: '仅手动备份；启动时加上 --backup-every 24h 即可每天备份',
  keptIn: (when, count, dir) =>
    count === 0 ? `${when}。全部保留在 ${dir}。` : `${when}。在 ${dir} 中保留最近 ${count} 个已通过验证的备份。`,
  encryptedTo: (count) =>
    `使用 ${count} 个公钥加密：写入时对加密前的内容做试恢复。只有对应的私钥才能恢复文件，请定期演练。`,
  nextAt: (moment) => `下次备份：${moment}。`,
}
