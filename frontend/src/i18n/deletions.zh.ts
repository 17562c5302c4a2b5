/** The texts of deletions under retention rules; they load with the settings. */
export const deletionsZh = {
  deletions: '删除记录',
  deletionsText: '每次删除也会记入访问日志。如果没有对应的记录，验证时会报告缺失的记录已被移除。',
  when: '时间',
  dates: '有记录的天数',
  entries: '记录数',
  rule: '规则',
  running: '进行中',
  nothing: '尚未删除任何记录。',
  waits: '删除等待所有者确认',
  waitsClock: (clock: string, known: string) =>
    `服务器时钟显示 ${clock}；按最近的接收和启动时间推算，现在应约为 ${known}。在时钟恢复正常或所有者确认之前，不会删除到期记录。`,
  waitsAmount: (entries: string, dates: string, lastEntries: string, lastDates: string) =>
    `上次删除了 ${lastDates} 天的 ${lastEntries} 条记录，这次将删除 ${dates} 天的 ${entries} 条。在所有者同意之前，这些记录会保留。`,
  wouldGo: (what: string, entries: string, dates: string) => `${what}：${dates} 天，${entries} 条记录`,
  ofLog: '操作日志',
  ofAccess: '访问日志',
  ofInstallation: '整个系统的访问日志',
  agreeClock: '确认时钟',
  agreeClockText: (clock: string) => `确认现在的时间约为 ${clock}。所有租户按规则到期的记录将立即删除，且无法恢复。`,
  agreeAmount: '删除这些记录',
  agreeAmountText: (entries: string, dates: string) => `将立即删除 ${dates} 天的 ${entries} 条记录，且无法恢复。`,
}
