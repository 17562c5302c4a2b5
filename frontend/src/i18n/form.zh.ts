import type { Widen } from './en'
import type { formEn } from './form.en'

export const formZh: Widen<typeof formEn> = {
  fieldErrors: {
    missing: '此项必填。',
    unchosen: '请选择一项。',
    unfinished: '请从列表中选择组织，或清空搜索内容。',
    short: (least) => `至少 ${least} 个字符。`,
    number: (min, max) => `请输入 ${min} 到 ${max} 之间的整数。`,
    form: '格式无效。',
    id: '仅含字母、数字和 . _ -，以字母或数字开头。',
    date: '请输入日期，如 2026-01-31。',
  },
}
