import { expect, test } from 'vitest'
import { zh } from '../i18n/zh'
import { ApiProblem, hasNothingToSearch, problemText, setProblemTexts } from './problem'

test('a search without a letter or digit is told from other errors', () => {
  const refused = (status: number, location: string, value: unknown) =>
    hasNothingToSearch(new ApiProblem(status, { errors: [{ location, message: 'is refused', value }] }))
  expect(refused(422, 'query.q', '-')).toBe(true)
  expect(refused(422, 'query.q', '')).toBe(true)
  expect(refused(422, 'query.q', '王'.repeat(2000))).toBe(false)
  expect(refused(422, 'query.ip', '-')).toBe(false)
  expect(refused(400, 'query.q', '-')).toBe(false)
  expect(hasNothingToSearch(new Error('-'))).toBe(false)
  expect(hasNothingToSearch(undefined)).toBe(false)
  setProblemTexts(zh)
  const hyphen = [{ location: 'query.q', message: 'has no letter or digit to search for', value: '-' }]
  expect(problemText(new ApiProblem(422, { errors: hyphen }))).toBe('搜索内容中没有文字或数字')
})

test.each([
  ['query.ip', '10.0.0', '“10.0.0”不是 IP 地址，也不是 192.0.2.0/24 这样的网段'],
  ['query.not_ip', 'x', '“x”不是 IP 地址，也不是 192.0.2.0/24 这样的网段'],
  ['body.filters.outcome', 'none', '“none”不是有效的操作结果'],
  ['query.organization', 'east', '此租户未按组织限制可见范围'],
  ['query.from', '2026-11-20T00:00:00Z', '时段的结束时间早于开始时间'],
  ['query.q', '王'.repeat(65), '搜索内容过长'],
  ['query.q', undefined, '搜索超时，请缩小搜索范围或时段'],
  ['body.name', 'x', 'The request is invalid: is taken'],
])('a refused %s is explained in the language of the console', (location, value, text) => {
  setProblemTexts(zh)
  const errors = [{ location, message: 'is taken', value }]
  expect(problemText(new ApiProblem(422, { detail: 'The request is invalid.', errors }))).toBe(text)
})

test('so are statuses without fields', () => {
  setProblemTexts(zh)
  const text = (status: number) => problemText(new ApiProblem(status, { detail: 'In English.' }))
  expect([403, 429, 500, 503, 507].map(text).filter((one) => /[A-Za-z]/.test(one))).toEqual([])
  expect(text(409)).toBe('In English.')
})
