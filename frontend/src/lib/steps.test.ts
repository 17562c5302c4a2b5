import { describe, expect, it } from 'vitest'
import { Steps, typedOn } from './steps'

describe('steps', () => {
  it('go on where they follow each other soon', () => {
    const steps = new Steps()
    expect([0, 9_000, 18_000, 28_000, 29_000].map((now) => steps.next(now))).toEqual([false, true, true, false, true])
    steps.end()
    expect(steps.next(30_000)).toBe(false)
  })

  it('are of one text while it is typed on or taken back', () => {
    expect(typedOn('inv', 'invoice')).toBe(true)
    expect(typedOn('invoice', 'invo')).toBe(true)
    expect(typedOn('inovice', 'invoice')).toBe(true)
    expect(typedOn('发', '发票')).toBe(true)
    expect(typedOn('', 'inv')).toBe(false)
    expect(typedOn('inv', '')).toBe(false)
    expect(typedOn('inv', 'order')).toBe(false)
  })
})
