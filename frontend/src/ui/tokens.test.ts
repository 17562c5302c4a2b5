import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const sheet = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8')

/** The colours of one theme, by their names. */
function paletteOf(block: string): Map<string, string> {
  return new Map([...block.matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name = '', value = '']) => [name, value]))
}

const [light = new Map(), dark = new Map()] = sheet.split('@media').map(paletteOf)

function luminance(hex = ''): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string | undefined, b: string | undefined): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

const grounds: string[] = ['layout', 'bg', 'elev', 'fill', 'hover', 'accent-bg']

describe.each([
  ['light', light],
  ['dark', dark],
])('%s', (_, palette) => {
  test.each(['text', 'text2', 'text3'] as const)('%s is readable on every ground', (ink) => {
    for (const ground of grounds)
      expect(contrast(palette.get(ink), palette.get(ground)), ground).toBeGreaterThanOrEqual(4.5)
  })

  test('accent, tags, buttons and matches are readable', () => {
    const pairs: [string, string][] = [
      ['accent', 'bg'],
      ['accent', 'elev'],
      ['accent', 'accent-bg'],
      ['on-accent', 'accent-solid'],
      ['on-accent', 'accent-hover'],
      ['del', 'del-bg'],
      ['out', 'out-bg'],
      ['new', 'new-bg'],
      ['text', 'mark'],
    ]
    for (const [ink, ground] of pairs)
      expect(contrast(palette.get(ink), palette.get(ground)), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5)
  })

  test('outlines of controls and bars stand out', () => {
    for (const ink of ['ctl', 'bar', 'bar-on'] as const)
      expect(contrast(palette.get(ink), palette.get('bg'))).toBeGreaterThanOrEqual(3)
  })
})

test('the sheet names every colour in both themes', () => {
  expect(dark.size).toBeGreaterThan(20)
  expect([...light.keys()].filter((name) => name !== 'font' && name !== 'mono')).toEqual([...dark.keys()])
  expect(sheet).toContain('color-scheme: dark')
})
