import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { smallPng } from './png'

/** Both languages, each on a laptop and on a phone. */
export const languages = [
  ['English', 'en'],
  ['中文', 'zh'],
] as const
export const screens = [
  [1366, 768, ''],
  [390, 844, '-phone'],
] as const

/** Takes a picture of the page for the documentation. */
export async function picture(page: Page, name: string) {
  await page.mouse.move(0, 0)
  await page.evaluate(() => document.fonts.ready)
  await page.waitForTimeout(600) // what was copied or chosen is no longer said
  const png = smallPng(await page.screenshot({ animations: 'disabled' }))
  expect(png.length).toBeLessThan(150_000)
  const file = join(import.meta.dirname, '../../docs', `${name}.png`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, png)
}
