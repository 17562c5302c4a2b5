import { afterEach, expect, test } from 'vitest'
import type { LocaleTag } from '../i18n/dictionaries'
import { ApiProblem, loadProblemMessages, problemText, problemTitle, setProblemTexts } from './problem'

async function inLanguage(tag: LocaleTag) {
  setProblemTexts(tag, 'no response')
  await loadProblemMessages()
}

afterEach(() => inLanguage('en'))

const invalid = {
  detail: 'The request is invalid.',
  errors: [
    { location: 'body.password', code: 'too_short', params: { length: 3, min: 12 }, message: 'is 3 characters long' },
    { location: 'body.role', code: 'not_one_of', params: { allowed: ['owner', 'admin'] }, message: '…', value: 'x' },
    { location: 'body.name', code: 'of_a_newer_server', message: 'is taken' },
  ],
}

test('the errors of fields are in Chinese, by their codes and parameters', async () => {
  await inLanguage('zh-CN')
  const problem = new ApiProblem(422, invalid)
  expect(problem.fields).toEqual({
    'body.password': '至少 12 个字符',
    'body.role': '“x”无效，可用的值：owner, admin',
    'body.name': 'is taken', // without a translation, the server's own message
  })
  expect(problemText(problem)).toBe('至少 12 个字符')
  expect(problemTitle(problem)).toBe('部分内容无效')
})

test('in English they are the messages of the server', async () => {
  await inLanguage('en')
  const problem = new ApiProblem(422, invalid)
  expect(problem.fields['body.password']).toBe('is 3 characters long')
  expect(problemText(problem)).toBe('The request is invalid: is 3 characters long')
  expect(problemTitle(problem)).toBe('The request is invalid.')
  const filter = [{ location: 'query.ip', code: 'not_a_network', message: 'is neither …', value: '10.0.0' }]
  expect(problemText(new ApiProblem(422, { detail: 'Invalid query parameters.', errors: filter }))).toBe(
    'Invalid query parameters: “10.0.0” is neither …',
  )
})

test('a conflict says its reason, and a limit when to retry', async () => {
  await inLanguage('zh-CN')
  const exists = { type: 'urn:oplog:account-exists', params: { username: 'li' }, detail: 'Account li already exists.' }
  expect(problemText(new ApiProblem(409, exists))).toBe('账号 li 已存在')
  const wait = { type: 'urn:oplog:too-many-attempts', params: { seconds: 27 }, detail: 'Too many attempts.' }
  expect(problemText(new ApiProblem(429, wait))).toBe('尝试次数过多，请在 27 秒后重试')
})

test('a status without a code keeps the facts that the server tells', async () => {
  await inLanguage('zh-CN')
  const text = (status: number) => problemText(new ApiProblem(status, { detail: 'In 7 s.' }))
  expect([403, 500, 507].map(text).filter((one) => /[A-Za-z]/.test(one))).toEqual([])
  expect([409, 413, 429, 503].map(text).filter((one) => !/^[一-鿿，]+（In 7 s\.）$/.test(one))).toEqual([])
  expect(text(404)).toBe('In 7 s.')
})

test('before its translation is loaded the messages of the server are shown', () => {
  setProblemTexts('zh-CN', '服务器未响应')
  expect(problemText(new ApiProblem(409, { detail: 'It exists.' }))).toBe('It exists.')
  expect(problemText(new ApiProblem(0, {}))).toBe('服务器未响应')
})
