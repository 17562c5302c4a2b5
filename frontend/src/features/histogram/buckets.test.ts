import { describe, expect, test } from 'vitest'
import { en } from '../../i18n/en'
import type { Summary } from '../../model/api/types'
import { bars, bucketAt, fractionOf, frameOf, roundMaximum, selectionOf, ticks } from './buckets'

const hour = 3_600_000
const start = Date.parse('2026-11-13T16:00:00Z') // midnight of 14 November in Shanghai

function summary(counts: number[], step: number, to = start + counts.length * step): Summary {
  const buckets = counts.map((count, index) => ({ from: new Date(start + index * step).toISOString(), count }))
  return {
    total: counts.reduce((sum, count) => sum + count, 0),
    from: new Date(start).toISOString(),
    to: new Date(to).toISOString(),
    histogram: { interval: '1h', buckets },
    facets: { module: [], operation: [], user: [], organization: [], outcome: [], role: [] },
  }
}

test.each([
  [0, 1],
  [1, 1],
  [7, 8],
  [10, 10],
  [75, 80],
  [81, 100],
  [101, 200],
  [1284, 2000],
])('the line above %d stands for %d', (largest, want) => {
  expect(roundMaximum(largest)).toBe(want)
})

describe('bars', () => {
  const frame = frameOf(summary([0, 5, 10, 0], hour))

  test('stand in the middle of their bucket, empty ones are none', () => {
    const drawn = bars(frame, 10)
    expect(drawn.map((bar) => bar.index)).toEqual([1, 2])
    expect(drawn[0]?.x).toBeCloseTo(0.25 + 0.25 * 0.15)
    expect(drawn[0]?.width).toBeCloseTo(0.175)
    expect(drawn.map((bar) => bar.height)).toEqual([0.5, 1])
  })

  test('a last bucket cut short is drawn narrower', () => {
    const cut = frameOf(summary([1, 1], hour, start + 1.5 * hour))
    const [whole, half] = bars(cut, 1)
    expect(half?.width).toBeCloseTo((whole?.width ?? 0) / 2)
  })

  test('one among thousands is still seen', () => {
    expect(bars(frameOf(summary([1, 9000], hour)), 9000)[0]?.height).toBe(0.02)
  })
})

test('the bucket under the pointer', () => {
  const frame = frameOf(summary([1, 2, 3, 4], hour))
  expect([0, 0.2, 0.25, 0.5, 0.99, 1].map((at) => bucketAt(frame, at))).toEqual([0, 0, 1, 2, 3, 3])
  expect(bucketAt(frameOf(summary([], hour)), 0.5)).toBe(0)
})

test('a selection snaps to buckets in either direction, and stays open where it reaches the present', () => {
  const later = start + 100 * hour
  const frame = frameOf(summary([1, 2, 3, 4], hour))
  const middle = { from: '2026-11-13T17:00:00.000Z', to: '2026-11-13T19:00:00.000Z' }
  expect(selectionOf(frame, 1, 2, later)).toEqual(middle)
  expect(selectionOf(frame, 2, 1, later)).toEqual(middle)
  expect(selectionOf(frame, 2, 3, later).to).toBeUndefined()
  expect(selectionOf(frame, 0, 1, start + 1.5 * hour).to).toBeUndefined()
})

describe('ticks', () => {
  const label = (counts: number, step: number, room: number) =>
    ticks(frameOf(summary(new Array(counts).fill(1), step)), 'Asia/Shanghai', en, room).map((tick) => tick.label)

  test('days of a week', () => {
    expect(label(168, hour, 13)).toEqual(['Sat 14 Nov', 'Sun 15', 'Mon 16', 'Tue 17', 'Wed 18', 'Thu 19', 'Fri 20'])
  })

  test('fewer on a phone', () => {
    expect(label(168, hour, 4)).toEqual(['14 Nov', '16 Nov', '18 Nov', '20 Nov'])
  })

  test('hours of a day', () => {
    expect(label(24, hour, 8)).toEqual(['Sat 14 Nov', '03:00', '06:00', '09:00', '12:00', '15:00', '18:00', '21:00'])
  })

  test('months of a year; what would run into the first label is left out', () => {
    expect(label(365, 24 * hour, 5)).toEqual(['Nov 2026', 'Apr 2027', 'Jul 2027', 'Oct 2027'])
  })

  test('lie at midnights of the zone, also across a change of clocks', () => {
    const frame = {
      from: Date.parse('2026-10-30T04:00:00Z'),
      to: Date.parse('2026-11-04T05:00:00Z'),
      edges: [],
      counts: [],
    }
    const found = ticks(frame, 'America/New_York', en, 10)
    expect(found.map((tick) => tick.label)).toEqual(['Fri 30 Oct', 'Sat 31', 'Sun 1 Nov', 'Mon 2', 'Tue 3'])
    expect(found[3]?.at).toBeCloseTo(fractionOf(frame, Date.parse('2026-11-02T05:00:00Z')))
  })

  test('name both times that the clocks show twice', () => {
    const from = Date.parse('2026-10-24T22:00:00Z') // midnight in Berlin
    const frame = { from, to: from + 5 * hour, edges: [], counts: [] }
    expect(ticks(frame, 'Europe/Berlin', en, 6).map((tick) => tick.label)).toEqual([
      'Sun 25 Oct',
      '01:00',
      '02:00 UTC+2',
      '02:00 UTC+1',
      '03:00',
    ])
    const second = { ...frame, from: from + 3 * hour, to: from + 4 * hour }
    expect(ticks(second, 'Europe/Berlin', en, 6).map((tick) => tick.at)).toEqual([0, 0.25, 0.5, 0.75])
  })
})
