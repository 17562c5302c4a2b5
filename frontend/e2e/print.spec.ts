import { expect, type Page, test } from '@playwright/test'
import { demoLog, open } from './console'
import { Program } from './program'

// What is on paper: every row up to a bound, told how many there are, with nothing cut or over one another on A4.

const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '1500'])
})

test.afterAll(() => program.dispose())

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    window.print = () => document.documentElement.setAttribute('data-printed', 'yes')
  })
})

/** A4 in CSS pixels, less its margins of 12 mm. */
const upright = { width: 703, height: 1032 }
const across = { width: 1032, height: 703 }

async function printed(page: Page) {
  await expect(page.locator('html')).toHaveAttribute('data-printed', 'yes')
  await page.locator('html').evaluate((html) => html.removeAttribute('data-printed'))
}

/** What reaches out of the paper or of its own cell, and rows that lie over one another. */
function misplaced(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wrong: string[] = []
    if (document.documentElement.scrollWidth > window.innerWidth) wrong.push('wider than the paper')
    let last = 0
    for (const row of document.querySelectorAll('.paper tr')) {
      const { top, bottom } = row.getBoundingClientRect()
      if (top < last - 0.5) wrong.push(`over the row above: ${row.textContent}`)
      last = bottom
    }
    for (const one of document.querySelectorAll('.paper th, .paper td, .paper-head dd')) {
      const range = document.createRange()
      range.selectNodeContents(one)
      const [text, cell] = [range.getBoundingClientRect(), one.getBoundingClientRect()]
      if (text.width && (text.right > cell.right + 0.5 || text.left < cell.left - 0.5 || text.bottom > cell.bottom + 1))
        wrong.push(`cut: ${one.textContent}`)
    }
    return wrong
  })
}

for (const w of [
  {
    language: 'English',
    print: 'Print',
    all: 'The first 1,000 of 1,500 operations; export for all.',
    some: /^The first \d+ of 1,500 operations, those loaded so far\./,
    filters: 'Filters',
    filter: 'Operation type: Delete, Batch delete',
    printed: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d by /,
    title: 'Operation log',
  },
  {
    language: '中文',
    print: '打印',
    all: '共 1,500 条操作，此处为前 1,000 条；如需全部，请导出。',
    some: /^共 1,500 条操作，此处为页面已加载的前 \d+ 条。/,
    filters: '筛选条件',
    filter: '操作类型：删除、批量删除',
    printed: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d，打印人：/,
    title: '操作日志',
  },
] as const)
  test(`the rows of a view are printed up to the bound, ${w.language}`, async ({ page }) => {
    await open(page, `${program.url}${demoLog}?range=last_90_days`, w.language)
    await expect(page.locator('.log-row').first()).toBeVisible()
    const rows = page.locator('.paper tbody tr')

    // The browser's own menu: the paper says that it is not all.
    await page.emulateMedia({ media: 'print' })
    await expect(page.locator('.paper-head > p')).toHaveText(w.some)
    await page.emulateMedia({ media: 'screen' })
    await expect(page.locator('.paper')).toHaveCount(0)

    await page.getByRole('button', { name: w.print, exact: true }).click()
    await printed(page)
    await page.setViewportSize(upright)
    await page.emulateMedia({ media: 'print' })
    await expect(rows).toHaveCount(1000)
    await expect(page.locator('.paper-head > p')).toHaveText(w.all)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(w.title)
    await expect(page.locator('.paper-head')).toContainText('Asia/Shanghai (UTC+8)')
    await expect(page.locator('.paper-head')).toContainText('(demo)')
    await expect(page.locator('.paper-head')).toContainText(w.printed)
    await expect(page.getByRole('searchbox')).toBeHidden()
    await expect(page.locator('.paper thead')).toHaveCSS('display', 'table-header-group')
    await expect(rows.first()).toHaveCSS('break-inside', 'avoid')
    for (const size of [upright, across]) {
      await page.setViewportSize(size)
      expect(await misplaced(page), `${size.width}`).toEqual([])
    }

    // Ctrl+P is the same command; a view that fits is whole, its filters in words.
    await page.emulateMedia({ media: 'screen' })
    await page.setViewportSize({ width: 1366, height: 768 })
    await page.goto(`${program.url}${demoLog}?range=last_90_days&operation=delete&operation=batch_delete`)
    await expect(page.locator('.log-row').first()).toBeVisible()
    await page.keyboard.press('Control+p')
    await printed(page)
    await page.emulateMedia({ media: 'print' })
    const total = Number((await page.locator('.paper-head > p').innerText()).replace(/\D/g, ''))
    expect(total).toBeGreaterThan(0)
    await expect(rows).toHaveCount(total)
    await expect(page.locator('.paper-head')).toContainText(w.filter)
    await page.emulateMedia({ media: 'screen' })

    // One entry, whole.
    await page.locator('.log-row').first().click()
    const drawer = page.getByRole('complementary')
    await expect(drawer.locator('.proof-proven')).toBeVisible()
    await page.keyboard.press('Control+p')
    await printed(page)
    await page.setViewportSize(upright)
    await page.emulateMedia({ media: 'print' })
    await expect(drawer.locator('.paper-head')).toContainText(w.printed)
    await expect(page.locator('.paper')).toHaveCount(0)
    expect(await misplaced(page)).toEqual([])
    await page.emulateMedia({ media: 'screen' })
    await page.setViewportSize({ width: 1366, height: 768 })

    // The access log has the reading of all this.
    await page.goto(`${program.url}/t/demo/settings/access`)
    await expect(page.getByRole('row').nth(1)).toBeVisible()
    await page.getByRole('button', { name: w.print, exact: true }).click()
    await printed(page)
    await page.setViewportSize(upright)
    await page.emulateMedia({ media: 'print' })
    await expect(rows.first()).toContainText('127.0.0.1')
    await expect(page.locator('.paper-head')).toContainText(w.printed)
    await expect(page.locator('.paper-head')).toContainText(w.filters)
    expect(await misplaced(page)).toEqual([])
    const paper = await page.pdf({ format: 'A4' })
    expect(paper.subarray(0, 5).toString()).toBe('%PDF-')
    await page.emulateMedia({ media: 'screen' })

    await page.goto(`${program.url}/t/demo/settings/system`)
    await expect(page.locator('.system-code').first()).toBeVisible()
    await page.emulateMedia({ media: 'print' })
    await expect(page.locator('.print-sheet .paper-head')).toContainText(w.printed)
    expect(await misplaced(page)).toEqual([])
  })
