import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, type Page } from '@playwright/test'
import type { AxeResults, RunOptions } from 'axe-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Expects WCAG 2.1 AA of a page, as far as a machine can tell. */
export async function expectAccessible(page: Page, name: string) {
  await page.evaluate(axe)
  // Colours that still change are none to measure.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().iterations === Infinity),
  )
  const { violations, passed } = await page.evaluate(async () => {
    const options: RunOptions = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }
    const { run } = (window as unknown as { axe: { run: (options: RunOptions) => Promise<AxeResults> } }).axe
    const { passes, violations } = await run(options)
    return {
      violations: violations.flatMap(({ id, help, nodes }) =>
        nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)}`),
      ),
      passed: passes.map(({ id }) => id),
    }
  })
  expect.soft(violations, name).toEqual([])
  expect.soft(passed, name).toContain('color-contrast')
}
