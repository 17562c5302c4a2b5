import { expect, test } from 'vitest'
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
  setProblemTexts({ noAnswer: '', nothingToSearch: '搜索内容中没有文字或数字' })
  const hyphen = [{ location: 'query.q', message: 'has no letter or digit to search for', value: '-' }]
  expect(problemText(new ApiProblem(422, { errors: hyphen }))).toBe('搜索内容中没有文字或数字')
})
