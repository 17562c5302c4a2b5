import type { Widen } from './en'
import type { helpEn } from './help.en'

export const helpZh: Widen<typeof helpEn> = {
  helpKeys: '快捷键',
  helpSearch: '搜索框',
  docs: '文档',
  docsPath: '/docs/zh/',
  keys: {
    '/': '搜索',
    'j k': '下一行或上一行，下一条或上一条记录',
    '← →': '打开记录时：上一条或下一条',
    Enter: '打开记录',
    Esc: '关闭，或取消所选时段',
    x: '复制内容 ID',
    'f 1': '按第 1 列的值筛选；f 2 按第 2 列，依此类推',
    'e 1': '排除第 1 列的值；e 2 排除第 2 列，依此类推',
    '.': '显示新记录',
    g: '跳转到日期',
    z: '放大到所选时段',
    '[': '显示或隐藏组织',
    '?': '显示此帮助',
  },
  searchExamples: [
    { example: '返场 主会场', meaning: '包含全部词语，顺序不限' },
    { example: '"double 11"', meaning: '词语须连续出现' },
    { example: '返场 -短信', meaning: '前加连字符表示排除，可用于词语、"…" 或字段，如 -user:王晓敏' },
    { example: 'user:王晓敏', meaning: '仅在用户中查找；module: 和 content: 同理' },
  ],
}
