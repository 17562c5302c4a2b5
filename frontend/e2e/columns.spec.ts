import { expect, type Page, test } from '@playwright/test'
import { demoLog, open } from './console'
import { Program } from './program'

// The widths of columns, and the table's own controls where an entry is open beside it.

const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '500'])
})

test.afterAll(() => program.dispose())

function widths(page: Page): Promise<number[]> {
  return page
    .locator('.log-head-row > div')
    .evaluateAll((heads) => heads.map((head) => Math.round(head.getBoundingClientRect().width)))
}

async function middle(page: Page, name: string): Promise<{ x: number; y: number }> {
  const box = await page.getByRole('separator', { name, exact: true }).boundingBox()
  if (!box) throw new Error(`no edge ${name}`)
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

const usual = [132, 120, 124, 180, 134, 280, 164]

test('an edge of the head is dragged by mouse, moved by keys, put back by a double click, and kept', async ({
  page,
}) => {
  await open(page, `${program.url}${demoLog}?range=last_90_days`)
  await expect.poll(() => widths(page)).toEqual(usual)
  const user = page.getByRole('separator', { name: 'Width of user', exact: true })
  const { x, y } = await middle(page, 'Width of user')
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + 40, y, { steps: 4 })
  await page.mouse.up()
  await expect.poll(() => widths(page)).toEqual([172, 120, 124, 180, 134, 240, 164])
  await expect(user).toHaveAttribute('aria-valuenow', '172')

  // The time's edge is its left one: to the left is wider.
  const time = page.getByRole('separator', { name: 'Width of operation time', exact: true })
  await time.focus()
  await page.keyboard.press('ArrowLeft')
  await expect.poll(() => widths(page)).toEqual([172, 120, 124, 180, 134, 232, 172])
  await user.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Shift+ArrowLeft')
  await expect.poll(async () => (await widths(page))[0]).toBe(148)
  await page.keyboard.press('Home')
  await expect.poll(async () => (await widths(page))[0]).toBe(64)
  await expect(user).toHaveAttribute('aria-valuenow', '64')
  await page.reload()
  await expect.poll(async () => (await widths(page))[0]).toBe(64)
  await expect.poll(async () => (await widths(page))[6]).toBe(172)

  await user.dblclick()
  await time.focus()
  await page.keyboard.press('Delete')
  await expect.poll(() => widths(page)).toEqual(usual)
})

test('a finger drags it too', async ({ browser }) => {
  const context = await browser.newContext({ hasTouch: true, viewport: { width: 1366, height: 768 }, locale: 'en-US' })
  const page = await context.newPage()
  await open(page, `${program.url}${demoLog}?range=last_90_days`)
  await expect.poll(() => widths(page)).toEqual(usual)
  const { x, y } = await middle(page, 'Width of organization')
  const touch = await context.newCDPSession(page)
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', by = 0) =>
    touch.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x: x + by, y }] })
  await send('touchStart')
  for (const by of [8, 16, 24, 32]) await send('touchMove', by)
  await send('touchEnd')
  await expect.poll(async () => (await widths(page))[2]).toBe(156)
  await context.close()
})

for (const [language, link, density, columns] of [
  ['English', 'Copy link', 'Row density', 'Columns'],
  ['中文', '复制链接', '行高', '列设置'],
] as const)
  test(`beside an entry the link, the row height and the columns stay within reach, ${language}`, async ({ page }) => {
    await open(page, `${program.url}${demoLog}?range=last_90_days&operation=edit`, language)
    await page.getByRole('row').nth(1).click()
    await expect(page.getByRole('complementary')).toBeVisible()
    const main = page.getByRole('main')
    for (const name of [link, density, columns]) {
      const button = main.getByRole('button', { name, exact: true })
      await expect(button).toBeInViewport({ ratio: 1 })
      await button.click({ trial: true })
    }
    await main.getByRole('button', { name: columns, exact: true }).click()
    await expect(page.getByRole('dialog', { name: columns })).toBeInViewport({ ratio: 1 })
    const summary = page.locator('.summary-line > p')
    expect(await summary.evaluate((one) => one.scrollWidth > one.clientWidth)).toBe(false)
  })

test('hints stand beside what they tell of, never over it', async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_90_days&operation=edit`)
  const row = page.locator('.log-row').first()
  for (const cell of ['user', 'module', 'type', 'content']) {
    await row.locator(`.cell-${cell}`).hover()
    const funnels = await row
      .locator(`.cell-${cell} > .funnel`)
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON() as DOMRect))
    expect(funnels).toHaveLength(cell === 'type' ? 1 : 2) // what is filtered by cannot be excluded
    if (funnels.length > 1) expect(funnels[0]?.bottom).toBeLessThan(funnels[1]?.top ?? 0)
    const texts = await row.locator('.two-lines, .cut, time, .tag').evaluateAll((all) =>
      all.map((one) => {
        const { left, right } = one.getBoundingClientRect()
        return { left, right, text: one.textContent }
      }),
    )
    for (const { left, right } of funnels) {
      expect(right - left).toBe(24)
      expect(texts.filter((text) => text.left < right && text.right > left)).toEqual([])
    }
  }
  const chips = await page.locator('.chips').boundingBox()
  await page.locator('.histogram').hover({ position: { x: 600, y: 40 } })
  const hint = await page.locator('.histogram-hint').boundingBox()
  expect(hint?.y).toBeGreaterThanOrEqual((chips?.y ?? 0) + (chips?.height ?? 0))
})
