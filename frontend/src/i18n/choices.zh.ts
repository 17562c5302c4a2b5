import type { choicesEn } from './choices.en'
import { n } from './numbers'

export const choicesZh: typeof choicesEn = {
  clear: '清除',
  allOfThese: '全选此组',
  excludeThis: (title) => `排除：${title}`,
  moreUsers: (count) => `另有 ${n(count)} 个，输入名称或 ID 的开头即可查找。`,
  moreValues: (count) => `另有 ${n(count)} 个，输入完整内容即可选择。`,
  countsAway: '该时间范围的计数在归档中，暂时无法读取。',
  findOperationType: '查找操作类型',
  groups: { destructive: '删除类', outward: '外发类', create: '新增类', change: '变更类' },
  findUser: '查找用户',
  findModule: '查找功能模块',
  findRole: '查找角色',
  exclude: '排除',
  keysOfEntries: '打开一条记录可查看其来源密钥。仅管理员可查看密钥名称。',
  ipHint: '地址或网段，如 10.0.0.0/8',
  notAnAddress: '请输入 IP 地址或网段，如 192.0.2.7、192.0.2.0/24。',
  addFilter: '筛选',
}
