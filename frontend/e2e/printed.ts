import { expect, type Page } from '@playwright/test'

/** A4 in CSS pixels, less its margins of 12 mm. */
export const upright = { width: 703, height: 1032 }
export const across = { width: 1032, height: 703 }

/** Lets the page tell when it has opened the browser's dialog of printing. */
export function watchPrinting(page: Page) {
  return page.addInitScript(() => {
    window.print = () => document.documentElement.setAttribute('data-printed', 'yes')
  })
}

/** Waits until the page has opened the browser's dialog of printing. */
export async function printed(page: Page) {
  await expect(page.locator('html')).toHaveAttribute('data-printed', 'yes')
  await page.locator('html').evaluate((html) => html.removeAttribute('data-printed'))
}

/** The texts that exceed the page or their cell, are cut off, or overlap another. */
export function misplaced(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wrong: string[] = []
    if (document.documentElement.scrollWidth > window.innerWidth) wrong.push('wider than the page')
    let last = 0
    for (const row of document.querySelectorAll('.print-table tr')) {
      const { top, bottom } = row.getBoundingClientRect()
      if (top < last - 0.5) wrong.push(`over the row above: ${row.textContent}`)
      last = bottom
    }
    const cells =
      '.print-table :is(th, td), .print-head dd, [role=cell], [role=columnheader], .changes td, .facts dd, li > span'
    for (const one of document.querySelectorAll(cells)) {
      const range = document.createRange()
      range.selectNodeContents(one)
      const [text, cell] = [range.getBoundingClientRect(), one.getBoundingClientRect()]
      if (!text.width || !cell.width || one.closest('.sr')) continue
      if (text.right > cell.right + 0.5 || text.left < cell.left - 0.5 || text.bottom > cell.bottom + 1)
        wrong.push(`out of its cell: ${one.textContent}`)
    }
    for (const one of document.querySelectorAll('body *')) {
      if (!one.checkVisibility() || one.closest('.sr, svg') || getComputedStyle(one).overflow === 'visible') continue
      if (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
        wrong.push(`cut: ${one.className} ${one.textContent}`)
    }
    return wrong
  })
}
