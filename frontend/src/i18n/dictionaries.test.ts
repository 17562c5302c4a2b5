import { expect, test } from 'vitest'
import { loadWords, wordsIn } from './dictionaries'
import { en } from './en'
import { zh } from './zh'

test('each language has its words once they are loaded', async () => {
  expect(() => wordsIn('zh-CN')).toThrow('the words of zh-CN are not loaded')
  await loadWords('zh-CN')
  expect(wordsIn('zh-CN')).toBe(zh)
  expect(() => wordsIn('en')).toThrow('the words of en are not loaded')
  await loadWords('en')
  expect(wordsIn('en')).toBe(en)
})
