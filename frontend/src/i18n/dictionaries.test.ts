import { expect, test } from 'vitest'
import { loadMessages, messagesIn } from './dictionaries'
import { en } from './en'
import { zh } from './zh'

test('each language has its messages once they are loaded', async () => {
  expect(() => messagesIn('zh-CN')).toThrow('the messages of zh-CN are not loaded')
  await loadMessages('zh-CN')
  expect(messagesIn('zh-CN')).toBe(zh)
  expect(() => messagesIn('en')).toThrow('the messages of en are not loaded')
  await loadMessages('en')
  expect(messagesIn('en')).toBe(en)
})
