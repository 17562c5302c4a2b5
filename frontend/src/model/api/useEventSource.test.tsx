// @vitest-environment happy-dom
import { act, renderHook } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import '../../../build/draw'
import { useEventSource } from './useEventSource'

/** The browser's stream, driven by the test. */
class Stream extends EventTarget {
  static readonly CLOSED = 2
  static all: Stream[] = []
  readyState = 1
  onopen?: () => void
  onerror?: () => void
  constructor(readonly url: string) {
    super()
    Stream.all.push(this)
  }
  close() {
    this.readyState = Stream.CLOSED
  }
  /** The server refuses it, after which a browser does not try again by itself. */
  refuse() {
    this.close()
    this.onerror?.()
  }
}

const last = () => Stream.all.at(-1) as Stream
const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds))

beforeEach(() => {
  Stream.all = []
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', Stream)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function follow(path: string | undefined = '/live?q=a', catchUp?: () => Promise<void>) {
  const onEntry = vi.fn()
  const hook = renderHook(
    ({ path }: { path: string | undefined }) => useEventSource(path, { onEntry, catchUp, rests: true }),
    {
      initialProps: { path },
    },
  )
  return { onEntry, ...hook }
}

test('it hands on entries, and names the act of the page in the address', () => {
  const { onEntry, result } = follow()
  expect(last().url).toMatch(/^\/live\?q=a&act=\d/)
  expect(result.current).toBe('connecting')
  act(() => last().onopen?.())
  expect(result.current).toBe('open')
  last().dispatchEvent(new MessageEvent('entry', { data: 'one' }))
  expect(onEntry.mock.calls).toEqual([['one']])
})

test('it has caught up before it opens again, and tries later where that fails', async () => {
  const catchUp = vi.fn().mockRejectedValueOnce(new Error('gone')).mockResolvedValue(undefined)
  const { result } = follow('/live?', catchUp)
  act(() => last().refuse())
  expect(result.current).toBe('lost')
  await wait(3000)
  expect([catchUp.mock.calls.length, Stream.all.length]).toEqual([1, 1])
  await wait(3000)
  expect([catchUp.mock.calls.length, Stream.all.length]).toEqual([2, 2])
  expect(result.current).toBe('lost')
  act(() => last().onopen?.())
  expect(result.current).toBe('open')
})

test('it opens again where the server ends it, but not where the browser is at it', async () => {
  follow()
  act(() => last().onerror?.())
  await wait(10_000)
  expect(Stream.all.length).toBe(1)
  act(() => void last().dispatchEvent(new Event('end')))
  await wait(3000)
  expect(Stream.all.length).toBe(2)
})

test('another path closes it at once, and what was being caught up with is told so', async () => {
  let signal: AbortSignal | undefined
  let done = () => {}
  const catchUp = (given: AbortSignal) => {
    signal = given
    return new Promise<void>((resolve) => {
      done = resolve
    })
  }
  const hook = renderHook(({ path }: { path: string }) => useEventSource(path, { onEntry: vi.fn(), catchUp }), {
    initialProps: { path: '/a' },
  })
  act(() => last().refuse())
  await wait(3000)
  hook.rerender({ path: '/b' })
  expect(signal?.aborted).toBe(true)
  done()
  await wait(0)
  expect(Stream.all.map(({ url }) => url.replace(/act=.*/, ''))).toEqual(['/a?', '/b?'])
  hook.unmount()
  expect(last().readyState).toBe(Stream.CLOSED)
})

test('a tab that nobody looks at gives its connection back', async () => {
  follow()
  const hidden = vi.spyOn(document, 'hidden', 'get')
  const turn = (to: boolean) => {
    hidden.mockReturnValue(to)
    document.dispatchEvent(new Event('visibilitychange'))
  }
  turn(true)
  await wait(20_000)
  expect(last().readyState).toBe(1)
  await wait(10_000)
  expect(last().readyState).toBe(Stream.CLOSED)
  turn(false)
  await wait(0)
  expect([Stream.all.length, last().readyState]).toEqual([2, 1])
})

test('without a path there is no stream', () => {
  const { result } = renderHook(() => useEventSource(undefined, { onEntry: vi.fn() }))
  expect([result.current, Stream.all.length]).toEqual(['off', 0])
})
