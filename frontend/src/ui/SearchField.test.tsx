// @vitest-environment happy-dom
import { act, fireEvent, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { draw } from '../../build/draw'
import { SearchField } from './SearchField'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const field = () => screen.getByRole<HTMLInputElement>('searchbox')
const type = (text: string) => fireEvent.change(field(), { target: { value: text } })
const wait = (milliseconds: number) => act(() => vi.advanceTimersByTime(milliseconds))

test('what is typed is searched for after a pause, by Enter at once', () => {
  const search = vi.fn()
  draw(<SearchField value="" invalid={false} onChange={search} />)
  type('dou')
  wait(100)
  type('double')
  wait(100)
  expect(search).not.toHaveBeenCalled()
  wait(100)
  expect(search.mock.calls).toEqual([['double', false]])
  type('double 11')
  fireEvent.keyDown(field(), { key: 'Enter' })
  wait(1000)
  expect(search.mock.calls).toEqual([
    ['double', false],
    ['double 11', true],
  ])
})

test('what is typed on soon goes on; after Enter, a break, another place or the empty box it is another search', () => {
  const search = vi.fn()
  draw(<SearchField value="" invalid={false} onChange={search} />)
  const enter = () => fireEvent.keyDown(field(), { key: 'Enter' })
  const leave = () => fireEvent.blur(field())
  const steps: [string, boolean, (() => void)?][] = [
    ['inv', false],
    ['invo', true],
    ['invoice', true, enter],
    ['invoices', false, leave],
    ['invoice', false, () => wait(10_000)],
    ['invoi', false],
    ['order', false],
    ['', false],
    ['o', false],
  ]
  for (const [text, goesOn, then] of steps) {
    type(text)
    wait(1000)
    expect(search).toHaveBeenLastCalledWith(text, goesOn)
    then?.()
  }
})

test('after the pause the filters of then are changed, not those of the last key', () => {
  const [before, after] = [vi.fn(), vi.fn()]
  const { rerender } = draw(<SearchField value="" invalid={false} onChange={before} />)
  type('emma')
  rerender(<SearchField value="" invalid={false} onChange={after} />)
  wait(200)
  expect(before).not.toHaveBeenCalled()
  expect(after).toHaveBeenCalledWith('emma', false)
})

test('half a syllable of an input method is not searched for', () => {
  const search = vi.fn()
  draw(<SearchField value="" invalid={false} onChange={search} />)
  fireEvent.compositionStart(field())
  type('shuang')
  wait(1000)
  expect(search).not.toHaveBeenCalled()
  type('双')
  fireEvent.compositionEnd(field())
  wait(200)
  expect(search.mock.calls).toEqual([['双', false]])
})

test('a change from elsewhere is shown, and what was being typed is not sent over it', () => {
  const search = vi.fn()
  const { rerender } = draw(<SearchField value="one" invalid={false} onChange={search} />)
  type('one two')
  rerender(<SearchField value="" invalid={false} onChange={search} />)
  expect(field().value).toBe('')
  wait(1000)
  expect(search).not.toHaveBeenCalled()
})

test('Escape empties the box first, then leaves it; / leads to it from anywhere', () => {
  const search = vi.fn()
  draw(<SearchField value="emma" invalid={false} onChange={search} />)
  fireEvent.keyDown(document.body, { key: '/' })
  expect(document.activeElement).toBe(field())
  fireEvent.keyDown(field(), { key: 'Escape' })
  expect(search.mock.calls).toEqual([['', false]])
  expect(document.activeElement).toBe(field())
  fireEvent.keyDown(field(), { key: 'Escape' })
  expect(document.activeElement).toBe(document.body)
})
