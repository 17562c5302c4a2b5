import type { AdminWords } from './admin.en'

export const adminZh: AdminWords = {
  groups: { tenant: '当前租户', server: '服务器', you: '我的账号' },
  loading: '正在读取…',
  failed: (detail) => `无法读取：${detail}`,
  notDone: (detail) => `未能完成：${detail}`,
  cancel: '取消',
  named: (action, name) => `${action}：${name}`,

  sessions: {
    title: '我的会话',
    text: '您已登录的位置。会话在两小时无操作后结束，最长不超过十二小时。',
    device: '浏览器',
    from: '来源',
    signedIn: '登录时间',
    lastUsed: '最近使用',
    ends: '最晚结束时间',
    this: '当前会话',
    unknown: '未知',
    everywhere: '退出所有会话',
    everywhereText: (count) =>
      count === 1 ? '将结束您在此处的会话。' : `将结束全部 ${count} 个会话，包括当前会话，之后需要重新登录。`,
  },
}
