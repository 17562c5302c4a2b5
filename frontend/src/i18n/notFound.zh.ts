import type { Widen } from './en'
import type { notFoundEn } from './notFound.en'

export const notFoundZh: Widen<typeof notFoundEn> = {
  noSuchPage: '页面不存在',
  noSuchPageText: '页面不存在，或您无权查看。',
  toStart: '返回首页',
}
