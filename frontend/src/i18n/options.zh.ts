import type { Widen } from './en'
import type { optionsEn } from './options.en'

export const optionsZh: Widen<typeof optionsEn> = {
  densities: { compact: '紧凑', standard: '标准', roomy: '宽松' },
  widthNote: '列宽（像素）',
  foldedNote: '表格宽度足以显示所有列时生效。',
  usualWidths: '恢复默认列宽',
  auto: '自动',
}
