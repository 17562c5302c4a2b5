import { expect, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// What is long, deep or many stays in its place, and pushes nothing out of sight.

const program = new Program()
const password = 'correct horse battery'
const word = 'Pneumonoultramicroscopicsilicovolcanoconiosis'
const levels = 64

test.beforeAll(async () => {
  const key = await program.startWithTenant(password)
  const tree = Array.from({ length: levels }, (_, i) => ({
    id: `level${i + 1}`,
    name: `Level ${i + 1}`,
    ...(i > 0 && { parent_id: `level${i}` }),
  }))
  await program.call(program.directoryKey, '/tenants/acme/organizations', { method: 'PUT', body: JSON.stringify(tree) })
  const entries = Array.from({ length: 3 }, (_, i) => ({
    user: { id: 'editor', name: 'Ada', role: 'Editor' },
    module: 'merchant_commodity',
    operation: 'edit',
    outcome: 'failure',
    organization: { id: `level${levels}`, name: `Level ${levels}` },
    content: { id: `scarf${i}`, name: 'Scarf' },
    ip: '2001:0db8:85a3:0000:0000:8a2e:0370:7334',
    user_agent: word.repeat(4),
  }))
  await program.call(key, '/tenants/acme/entries', { method: 'POST', body: JSON.stringify({ entries }) })
})

test.afterAll(() => program.dispose())

test.beforeEach(async ({ page }) => {
  await page.goto(`${program.url}/t/acme/log`)
  await signIn(page, 'admin', password)
  await expect(page.getByRole('row').nth(3)).toBeVisible()
})

test('the choices of a filter stay in their panel, each with its count', async ({ page }) => {
  for (const name of ['Operation type', 'Functional module']) {
    await page.getByRole('button', { name }).first().click()
    const panel = page.getByRole('dialog', { name })
    await expect(panel.locator('.choice-count').first()).toBeVisible()
    const right = await panel.evaluate((one) => one.getBoundingClientRect().right)
    const choices = await panel
      .locator('.choice > *')
      .evaluateAll((all) =>
        all.map((one) => ({ right: one.getBoundingClientRect().right, cut: one.scrollWidth > one.clientWidth + 1 })),
      )
    for (const choice of choices) expect(choice.right).toBeLessThanOrEqual(right)
    expect(choices.filter((choice) => choice.cut)).toEqual([])
    await page.keyboard.press('Escape')
  }
})

test('many filters leave the line of chips its end', async ({ page }) => {
  const many = `q=${word}&user=editor&operation=edit&operation=create&operation=copy&module=merchant_commodity&module=email`
  await page.goto(`${program.url}/t/acme/log?${many}&content_id=scarf1&organization=level2`)
  const chips = page.locator('.chip')
  await expect(chips).toHaveCount(6)
  for (const end of [page.getByRole('button', { name: 'Copy link' }), page.getByRole('button', { name: 'Views' })])
    await expect(end).toBeInViewport({ ratio: 1 })
  for (const value of await chips.locator('.chip-text > .cut').all())
    expect((await value.boundingBox())?.width).toBeGreaterThan(16)
  // With room for them, the names of the filters are there again.
  await page.getByRole('button', { name: 'Remove filter: Search' }).click()
  await page.setViewportSize({ width: 1920, height: 1080 })
  await expect.poll(async () => (await chips.first().locator('.chip-label').boundingBox())?.width).toBeGreaterThan(16)
})

test('an organization sixty-four levels down is in view when it is chosen, and readable', async ({ page }) => {
  await page.goto(`${program.url}/t/acme/log?organization=level${levels}`)
  const chosen = page.getByRole('treeitem', { selected: true })
  await expect(chosen).toBeInViewport({ ratio: 1 })
  const name = chosen.getByText(`Level ${levels}`, { exact: true })
  await expect(name).toBeInViewport({ ratio: 1 })
  expect((await name.boundingBox())?.width).toBeGreaterThan(40)
})

test('where an entry came from leaves the other facts their room', async ({ page }) => {
  await page.getByRole('row').nth(1).click()
  const drawer = page.getByRole('complementary', { name: 'Entry' })
  const facts = drawer.locator('.facts').first()
  await expect(facts).toContainText('2001:0db8')
  const widths = await facts
    .locator('> div:not(.facts-wide)')
    .evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().width)))
  expect(new Set(widths).size, `${widths}`).toBe(1)
  const beyond = await drawer.locator('.drawer-body').evaluate((one) => one.scrollWidth - one.clientWidth)
  expect(beyond).toBe(0)
})

test('beside an open entry a row says its type whole, and its module below it under the keys too', async ({ page }) => {
  await page.getByRole('row').nth(1).click()
  const rows = page.locator('.log-row')
  const before = await rows.nth(1).locator('.tag').boundingBox()
  await page.keyboard.press('j')
  await expect(rows.nth(1)).toBeFocused()
  const tag = await rows.nth(1).locator('.tag').boundingBox()
  const title = rows.nth(1).locator('.cell-module .two-lines')
  expect(tag?.y).toBe(before?.y) // nothing moves when the keys come
  expect((await title.boundingBox())?.y).toBeGreaterThanOrEqual((tag?.y ?? 0) + (tag?.height ?? 0))
  expect(await title.evaluate((one) => one.scrollHeight > one.clientHeight + 1)).toBe(false)
  for (const one of await page.locator('.log-row .tag .cut').all())
    expect(await one.evaluate((text) => text.scrollWidth > text.clientWidth)).toBe(false)
})

test('at 400 % of an office screen the rows are reached by scrolling, and an entry opens', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 256 })
  const first = page.locator('.log-row').first()
  await first.scrollIntoViewIfNeeded()
  await expect(first).toBeInViewport({ ratio: 0.9 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
  await first.click()
  await expect(page.getByRole('complementary', { name: 'Entry' })).toContainText('Proven unchanged')
})

test('the open entry is printed whole, without buttons', async ({ page }) => {
  await page.getByRole('row').nth(1).click()
  const drawer = page.getByRole('complementary', { name: 'Entry' })
  await expect(drawer).toContainText('Proven unchanged')
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: 720, height: 400 })
  expect((await drawer.boundingBox())?.width).toBe(720)
  await expect(drawer.getByText('Entry ID')).toBeVisible()
  await expect(drawer.getByRole('button', { name: 'Next entry (j)' })).toBeHidden()
  await expect(page.getByRole('banner')).toBeHidden()
  await expect(page.getByRole('table')).toBeHidden()
  const hidden = await page.evaluate(() => getComputedStyle(document.body).overflow)
  expect(hidden).toBe('visible') // what does not fit the first sheet goes on
})
