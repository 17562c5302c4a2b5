import { expect, type Page, test } from '@playwright/test'
import { demoLog, open } from './console'
import { across, misplaced, printed, upright, watchPrinting } from './printed'
import { Program } from './program'

// Printing: every row up to a bound, with the total, and nothing cut or overlapping on A4.

const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '1500'])
})

test.afterAll(() => program.dispose())

test.beforeEach(({ page }) => watchPrinting(page))

for (const w of [
  {
    language: 'English',
    print: 'Print',
    all: 'The first 1,000 of 1,500 operations. Export to get all.',
    some: /^The first \d+ of 1,500 operations \(those loaded so far\)\./,
    filters: 'Filters',
    filter: 'Operation type: Delete, Batch delete',
    printed: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d by /,
    title: 'Operation log',
  },
  {
    language: '中文',
    print: '打印',
    all: '共 1,500 条操作，此处仅含前 1,000 条；如需全部，请导出。',
    some: /^共 1,500 条操作，此处仅含页面已加载的前 \d+ 条。/,
    filters: '筛选条件',
    filter: '操作类型：删除、批量删除',
    printed: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d，打印人：/,
    title: '操作日志',
  },
] as const)
  test(`the rows of a view are printed up to the bound, ${w.language}`, async ({ page }) => {
    await open(page, `${program.url}${demoLog}?range=last_90_days`, w.language)
    await expect(page.locator('.log-row').first()).toBeVisible()
    const rows = page.locator('.print-table tbody tr')

    // The browser's own menu: the print says that it is not all.
    await page.emulateMedia({ media: 'print' })
    await expect(page.locator('.print-head > p')).toHaveText(w.some)
    await page.emulateMedia({ media: 'screen' })
    await expect(page.locator('.print-table')).toHaveCount(0)

    await page.getByRole('button', { name: w.print, exact: true }).click()
    await printed(page)
    await page.setViewportSize(upright)
    await page.emulateMedia({ media: 'print' })
    await expect(rows).toHaveCount(1000)
    await expect(page.locator('.print-head > p')).toHaveText(w.all)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(w.title)
    await expect(page.locator('.print-head')).toContainText('Asia/Shanghai (UTC+8)')
    await expect(page.locator('.print-head')).toContainText('(demo)')
    await expect(page.locator('.print-head')).toContainText(w.printed)
    await expect(page.getByRole('searchbox')).toBeHidden()
    await expect(page.locator('.print-table thead')).toHaveCSS('display', 'table-header-group')
    await expect(rows.first()).toHaveCSS('break-inside', 'avoid')
    for (const size of [upright, across]) {
      await page.setViewportSize(size)
      expect(await misplaced(page), `${size.width}`).toEqual([])
    }

    // Ctrl+P is the same command; a view that fits is whole, with its filters as text.
    await page.emulateMedia({ media: 'screen' })
    await page.setViewportSize({ width: 1366, height: 768 })
    await page.goto(`${program.url}${demoLog}?range=last_90_days&operation=delete&operation=batch_delete`)
    await expect(page.locator('.log-row').first()).toBeVisible()
    await page.keyboard.press('Control+p')
    await printed(page)
    await page.emulateMedia({ media: 'print' })
    const total = Number((await page.locator('.print-head > p').innerText()).replace(/\D/g, ''))
    expect(total).toBeGreaterThan(0)
    await expect(rows).toHaveCount(total)
    await expect(page.locator('.print-head')).toContainText(w.filter)
    await page.emulateMedia({ media: 'screen' })

    // One entry, whole.
    await page.locator('.log-row').first().click()
    const drawer = page.getByRole('complementary')
    await expect(drawer.locator('.proof-proven')).toBeVisible()
    await page.keyboard.press('Control+p')
    await printed(page)
    await page.setViewportSize(upright)
    await page.emulateMedia({ media: 'print' })
    await expect(drawer.locator('.print-head')).toContainText(w.printed)
    await expect(page.locator('.print-table')).toHaveCount(0)
    expect((await drawer.boundingBox())?.width).toBe(upright.width)
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
    await expect(page.locator('.print-table .print-head')).toContainText(w.printed)
    await expect(page.locator('.print-table .print-head')).toContainText(w.filters)
    expect(await misplaced(page)).toEqual([])
    const sheet = await page.pdf({ format: 'A4' })
    expect(sheet.subarray(0, 5).toString()).toBe('%PDF-')
    await page.emulateMedia({ media: 'screen' })

    await page.goto(`${program.url}/t/demo/settings/system`)
    await expect(page.locator('.system-code').first()).toBeVisible()
    await page.emulateMedia({ media: 'print' })
    await expect(page.locator('.print-sheet .print-head')).toContainText(w.printed)
    expect(await misplaced(page)).toEqual([])
  })

test('the printed page stays as it is while the browser switches the medium', async ({ page }) => {
  await open(page, `${program.url}${demoLog}`)
  await expect(page.locator('.log-row').first()).toBeVisible()
  const fire = (name: string) => page.evaluate((type) => void window.dispatchEvent(new Event(type)), name)
  const sheet = page.locator('.print-table')
  await fire('beforeprint')
  await expect(sheet).toBeAttached()
  await sheet.evaluate((one) => one.setAttribute('data-counted', 'yes'))
  await page.emulateMedia({ media: 'print' })
  await page.emulateMedia({ media: 'screen' })
  await expect(page.getByRole('searchbox')).toBeVisible()
  await expect(page.locator('.print-table[data-counted]')).toBeAttached()
  await fire('afterprint')
  await expect(sheet).toHaveCount(0)
})

test('every other page is printed whole, without what is to be pressed', async ({ page }) => {
  await open(page, `${program.url}/t/demo/exports`)
  const made = await page.request.post(`${program.url}/api/v1/tenants/demo/exports`, {
    data: { range: 'last_90_days', format: 'csv', filters: { q: `${'long '.repeat(30)}`.trim() } },
  })
  expect(made.status()).toBe(202)
  const root = page.locator('#root')
  const settings = ['accounts', 'integration', 'keys', 'catalog', 'organizations', 'retention', 'account']
  for (const path of ['exports', ...settings.map((one) => `settings/${one}`)]) {
    await page.setViewportSize({ width: 1366, height: 400 })
    await page.goto(`${program.url}/t/demo/${path}`)
    const rows = root.locator('.export-list li, [role=cell], [role=treeitem], .list-empty, .copyable')
    await expect(rows.first()).toBeVisible()
    await page.emulateMedia({ media: 'print' })
    await expect(root.getByRole('heading', { level: 1 })).toHaveCount(1)
    await expect(root.locator('.print-head')).toContainText('by admin')
    for (const name of ['button', 'link', 'textbox', 'navigation'] as const)
      await expect(root.getByRole(name), `${path}: ${name}`).toHaveCount(0)
    for (const size of [upright, across]) {
      await page.setViewportSize(size)
      expect(await misplaced(page), `${path}, ${size.width}`).toEqual([])
    }
    if (path.endsWith('organizations')) await expect(root.getByRole('treeitem')).toHaveCount(await organizations(page))
    await page.emulateMedia({ media: 'screen' })
  }
})

async function organizations(page: Page): Promise<number> {
  const answer = await page.request.get(`${program.url}/api/v1/tenants/demo/organizations`)
  return ((await answer.json()) as unknown[]).length
}
