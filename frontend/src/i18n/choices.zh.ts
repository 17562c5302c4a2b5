import type { choicesEn } from './choices.en'
import { n } from './numbers'

export const choicesZh: typeof choicesEn = {
  moreUsers: (count) => `另有 ${n(count)} 个，输入名称或 ID 的开头即可查找。`,
  moreValues: (count) => `另有 ${n(count)} 个，输入完整内容即可选择。`,
}
