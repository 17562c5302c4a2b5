import type { Widen } from './en'
import type { nodesEn } from './nodes.en'

const numerals = ['零', '一', '两', '三', '四', '五', '六', '七']
const numeral = (count: number) => numerals[count] ?? ` ${count} `

export const nodesZh: Widen<typeof nodesEn> = {
  nodes: '节点',
  node: '节点',
  role: '角色',
  lag: '滞后',
  lastContact: '最近联系',
  disk: '磁盘',
  version: '版本',
  level: (level) => `级别 ${level}`,
  levelNow: (level) => `节点间消息的级别为 ${level}。`,
  levelWaits: (level, nodes) => `启用级别 ${level} 还需等待 ${nodes}：请升级其 oplog，或启动离线的节点。`,
  leader: '主节点',
  follower: '从节点',
  joining: '正在加入',
  unreachable: '离线',
  noLag: '无',
  messages: (count) => `${count.toLocaleString('en-US')} 条消息`,
  milliseconds: (count) => `${count} 毫秒`,
  seconds: (count) => `${count} 秒`,
  minutes: (count) => `${count} 分钟`,
  catchingUp: (time) => `追赶中，${time}`,
  thisNode: '本节点',
  ago: (seconds) => `${seconds} 秒前`,
  unknown: '未知',
  diskOf: (used, size) => `${used} / ${size}`,
  keepsRunning: (needed, voters) => `${numeral(voters)}个节点中任意${numeral(needed)}个在线，日志即可继续。`,
  needsAll: (voters) =>
    voters === 1
      ? '只有一个节点，该节点停止则日志停止。请再添加两个节点。'
      : '只有两个节点，任一节点停止都会使日志停止。请添加第三个节点。',
  leaderSince: (time) => `当前主节点自 ${time} 起。`,
  noQuorum:
    '能互相联系的节点不足，日志暂停记录。请启动离线的节点，或修复节点之间的网络。如果某台机器无法恢复，请按手册更换节点。',
  failure: (reason) => `本节点未参与：${reason}`,
  diverged: '本节点的日志与其他节点不一致，已停止，正在从其他节点获取副本。',
  transfer: '移交主节点',
  transferFailed: (reason) => `未能移交主节点：${reason}`,
  add: '添加节点',
  addFailed: (reason) => `未能生成令牌：${reason}`,
  addText: (time) =>
    `请在新机器上运行以下命令，并将 NEW-HOST 换成该机器的地址。令牌仅可使用一次，有效期至 ${time}；新机器凭此令牌获取整个日志的副本。`,
  join: '加入',
  start: '启动',
  done: '完成',
  remove: '移除',
  removeTitle: (node) => `移除节点 ${node}`,
  twoLeft: '只剩两个节点时，任一节点停止都会使日志停止。',
  removeText: (node) => `节点 ${node} 保留其文件，但不能再用它们加入。如需保持节点数量，请先添加新节点。`,
  typeName: (node) => `请输入节点名：${node}`,
  wrongName: '请按显示的内容输入节点名。',
  password: '您的密码',
  wrongPassword: '密码不正确。',
  required: '此操作无法撤销，因此需再次确认。',
}
