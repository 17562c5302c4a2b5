import { describe, expect, test } from 'vitest'
import { dark, light, type Palette, tokenSheet } from './tokens'

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

const grounds: (keyof Palette)[] = ['layout', 'bg', 'elev', 'fill', 'hover', 'accentBg']

describe.each([
  ['light', light],
  ['dark', dark],
])('%s', (_, palette) => {
  test.each(['text', 'text2', 'text3'] as const)('%s is readable on every ground', (ink) => {
    for (const ground of grounds) expect(contrast(palette[ink], palette[ground]), ground).toBeGreaterThanOrEqual(4.5)
  })

  test('accent, tags, buttons and matches are readable', () => {
    const pairs: [keyof Palette, keyof Palette][] = [
      ['accent', 'bg'],
      ['accent', 'elev'],
      ['accent', 'accentBg'],
      ['onAccent', 'accentSolid'],
      ['onAccent', 'accentHover'],
      ['del', 'delBg'],
      ['out', 'outBg'],
      ['new', 'newBg'],
      ['text', 'mark'],
    ]
    for (const [ink, ground] of pairs)
      expect(contrast(palette[ink], palette[ground]), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5)
  })

  test('outlines of controls and bars stand out', () => {
    for (const ink of ['ctl', 'bar', 'barOn'] as const)
      expect(contrast(palette[ink], palette.bg)).toBeGreaterThanOrEqual(3)
  })
})

test('the sheet names every token in both themes', () => {
  const sheet = tokenSheet()
  expect(sheet.match(/--accent-bg:/g)).toHaveLength(2)
  expect(sheet).toContain('color-scheme:dark')
})
