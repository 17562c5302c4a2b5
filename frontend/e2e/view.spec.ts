import { expect, type Page, test } from '@playwright/test'
import { demoLog, open, signIn } from './console'
import { Program } from './program'

// What a reader set up stays: filters open from their chips, and a session that ended takes nothing away.

const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '3000'])
})

test.afterAll(() => program.dispose())

test('the text of a chip opens its filter', async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_90_days`)
  const rows = page.getByRole('table', { name: 'Operation log' }).getByRole('row')
  const chips = page.getByRole('group', { name: 'Active filters' })
  await rows.nth(1).getByRole('cell').nth(0).hover()
  const name = (await rows.nth(1).getByRole('cell').nth(0).innerText()).trim()
  await rows.nth(1).getByRole('button', { name: 'Filter by this value' }).first().click()
  await chips.getByRole('button', { name: `User: ${name}` }).click()
  const users = page.getByRole('dialog', { name: 'User' })
  await expect(users.getByRole('checkbox', { name, exact: true })).toBeChecked()
  await users.getByRole('checkbox', { checked: false }).first().click()
  await expect(chips.getByRole('button', { name: `User: ${name}, ` })).toBeVisible()
  await users.getByRole('button', { name: 'Clear', exact: true }).click()
  await expect(chips.getByRole('button', { name: /^User/ })).toBeHidden()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: /^User/ })).toBeFocused() // for the chip has gone

  await page.goto(`${program.url}${demoLog}?range=last_90_days&q=a&operation=delete&module=email&organization=east`)
  for (const [chip, box] of [
    ['Operation type: Delete', 'Operation type'],
    ['Functional module: Email', 'Functional module'],
  ] as const) {
    await chips.getByRole('button', { name: chip, exact: true }).click()
    await expect(page.getByRole('dialog', { name: box })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(chips.getByRole('button', { name: chip, exact: true })).toBeFocused()
  }
  await chips.getByRole('button', { name: 'Search: a' }).click()
  await expect(page.getByRole('searchbox', { name: 'Search' })).toBeFocused()
  await chips.getByRole('button', { name: /^Organization: / }).click()
  await expect(page.getByRole('treeitem', { selected: true })).toBeFocused()
})

test('after a session ended one is back at the same entry, at the same rows', async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_90_days`)
  await scrollTo(page, 12_345)
  const row = page.locator('[data-index="277"]')
  const id = await row.locator('.content-id').innerText()
  await row.click()
  await expect(page.getByRole('complementary', { name: 'Entry' })).toContainText('Proven unchanged')
  const [address, top] = [page.url(), await scrolled(page)]
  expect(top).toBeGreaterThan(12_000)

  await page.context().clearCookies()
  await page.getByRole('button', { name: 'Next entry' }).click()
  await expect(page.getByText('Your session has ended.')).toBeVisible()
  await signIn(page, 'admin', 'demo-password')
  await expect(page.getByRole('complementary', { name: 'Entry' })).toContainText('Proven unchanged')
  expect(new URL(page.url()).search).toBe(new URL(address).search)
  await expect.poll(() => scrolled(page)).toBeCloseTo(top, -2)
  await expect(row.locator('.content-id')).toHaveText(id)
})

test('density and columns are kept for the person', async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_90_days`)
  const row = page.getByRole('table', { name: 'Operation log' }).getByRole('row').nth(2)
  const height = async () => (await row.boundingBox())?.height
  await expect.poll(height).toBe(45)
  await page.getByRole('button', { name: 'Row density' }).click()
  for (const [name, high] of [
    ['Roomy', 57],
    ['Compact', 33],
  ] as const) {
    await page.getByRole('radio', { name }).check()
    await expect.poll(height).toBe(high)
  }
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Columns' }).click()
  for (const name of ['Role', 'Organization']) await page.getByRole('checkbox', { name }).uncheck()
  await page.keyboard.press('Escape')
  const headers = ['User', 'Functional module', 'Operation type', 'Content', /Operation time/]
  await expect(page.getByRole('columnheader')).toHaveText(headers)
  await expect(row.getByRole('cell')).toHaveCount(5)
  await page.reload()
  await expect(page.getByRole('columnheader')).toHaveText(headers)
  await expect.poll(height).toBe(33)

  // Another person at the same browser has their own.
  await page.context().clearCookies()
  await page.goto(`${program.url}${demoLog}?range=last_90_days`)
  await signIn(page, 'auditor', 'demo-password')
  await expect(page.getByRole('columnheader')).toHaveCount(7)
  await expect.poll(height).toBe(45)
})

for (const messages of [
  { language: 'English', columns: 'Columns', width: 'Width of user', usual: 'Reset widths', filter: 'Filter by user' },
  { language: '中文', columns: '列设置', width: '用户的列宽', usual: '恢复默认列宽', filter: '按用户筛选' },
] as const)
  test(`columns are as wide as they are made, by mouse and by keyboard: ${messages.language}`, async ({ page }) => {
    await open(page, `${program.url}${demoLog}?range=last_90_days`, messages.language)
    const cell = page.getByRole('row').nth(2).getByRole('cell')
    const width = async (index: number) => Math.round((await cell.nth(index).boundingBox())?.width ?? 0)
    await expect.poll(() => width(0)).toBe(132)
    const [content, time] = [await width(5), await width(6)]

    const drag = async (edge: number, by: number) => {
      const box = await page.locator('.head-edge').nth(edge).boundingBox()
      if (!box) throw new Error('there is no edge')
      await page.mouse.move(box.x + 4, box.y + 16)
      await page.mouse.down()
      await page.mouse.move(box.x + 4 + by, box.y + 16, { steps: 4 })
      await page.mouse.up()
    }
    await drag(0, 60)
    await expect.poll(() => width(0)).toBe(192)
    expect(await width(5)).toBe(content - 60)
    await drag(5, -20) // the time's edge is on its left
    await expect.poll(() => width(6)).toBe(time + 20)

    await page.reload()
    await expect.poll(() => width(0)).toBe(192)
    await page.getByRole('button', { name: messages.columns }).click()
    await page.getByRole('spinbutton', { name: messages.width }).focus()
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => width(0)).toBe(184)
    await page.getByRole('button', { name: messages.usual }).click()
    await page.keyboard.press('Escape')
    await expect.poll(() => width(0)).toBe(132)
    expect(await width(5)).toBe(content)

    // The head of a column leads to its values.
    const filter = page.getByRole('button', { name: messages.filter })
    await filter.focus()
    await page.keyboard.press('Enter')
    const users = page.getByRole('dialog')
    await users.getByRole('checkbox').first().check()
    await expect(users.getByRole('checkbox', { name: /^u_/ })).toHaveCount(0) // they go by their names
    await page.keyboard.press('Escape')
    await expect.poll(() => new URL(page.url()).searchParams.getAll('user').length).toBe(1)
  })

test('by keyboard alone', async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_90_days`)
  const rows = page.getByRole('table', { name: 'Operation log' }).getByRole('row')
  await expect(rows.nth(5)).toBeVisible()

  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Help' })
  await expect(help).toContainText('Go to a date')
  await expect(help.getByRole('link', { name: 'Documentation' })).toHaveAttribute('href', '/docs/')
  await page.keyboard.press('Escape')
  await expect(help).toBeHidden()

  await page.keyboard.press('j')
  await expect(rows.nth(1)).toBeFocused()
  await page.keyboard.press('j')
  await expect(rows.nth(2)).toBeFocused()
  const type = (await rows.nth(2).getByRole('cell').nth(4).innerText()).split('\n')[0]
  await page.keyboard.press('f')
  await page.keyboard.press('5')
  const chips = page.getByRole('group', { name: 'Active filters' })
  await expect(chips.getByRole('button', { name: `Operation type: ${type}`, exact: true })).toBeVisible()
  await expect(rows.nth(1)).toBeFocused()
  const role = (await rows.nth(1).getByRole('cell').nth(1).innerText()).trim()
  await page.keyboard.press('e')
  await page.keyboard.press('2')
  await expect(chips.getByRole('button', { name: `Not role: ${role}`, exact: true })).toBeVisible()

  // A day in the period is selected in it, and the selection becomes the period.
  await page.keyboard.press('g')
  const jump = page.getByRole('dialog', { name: 'Go to a date' })
  await expect(jump.getByLabel('Date')).toBeFocused()
  const day = new Date(Date.now() + 8 * 3_600_000 - 10 * 86_400_000).toISOString().slice(0, 10)
  await jump.getByLabel('Date').fill(day)
  await page.keyboard.press('Enter')
  await expect(jump).toBeHidden()
  await expect(chips.getByRole('button', { name: /^Operation time: / })).toBeVisible()
  const from = new Date(`${day}T00:00:00+08:00`).toISOString()
  expect(new URL(page.url()).searchParams.get('from')).toBe(from)
  await page.keyboard.press('z')
  await expect(chips.getByRole('button', { name: /^Operation time: / })).toBeHidden()
  const { searchParams } = new URL(page.url())
  expect([searchParams.get('range'), searchParams.get('from')]).toEqual([null, from])
})

test('a menu by keyboard', async ({ page }) => {
  await open(page, `${program.url}${demoLog}`)
  const account = page.getByRole('button', { name: 'admin Admin' })
  const items = page.getByRole('menu', { name: 'Account' }).getByRole('menuitem')
  await account.focus()
  await page.keyboard.press('ArrowDown')
  await expect(items.first()).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await expect(items.last()).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(items.first()).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(items).toHaveCount(0)
  await expect(account).toBeFocused()

  await page.keyboard.press('Enter')
  await expect(items.first()).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(items).toHaveCount(0)

  await account.click()
  await page.getByRole('heading', { name: 'Organizations' }).click() // a press beside it closes it
  await expect(items).toHaveCount(0)
  await account.click()
  await items.getByText('Your account').click()
  await expect(page).toHaveURL(/settings\/account/)
})

async function scrolled(page: Page): Promise<number> {
  return page.getByRole('region', { name: 'Operations' }).evaluate((element) => element.scrollTop)
}

/** Scrolls as a wheel does, page after page as they are read. */
async function scrollTo(page: Page, top: number) {
  await expect
    .poll(() =>
      page.getByRole('region', { name: 'Operations' }).evaluate((element, to) => {
        element.scrollTop = to
        return element.scrollTop
      }, top),
    )
    .toBe(top)
}

test('every page stands on one grid', async ({ page }) => {
  await open(page, `${program.url}${demoLog}`)
  const settings = 'accounts integration keys catalog organizations retention access system account'.split(' ')
  for (const path of ['log', 'exports', ...settings.map((one) => `settings/${one}`)]) {
    await page.setViewportSize({ width: 1920, height: 1080 })
    await page.goto(`${program.url}/t/demo/${path}`)
    const main = page.locator('main')
    const parts = main.locator('.filter-bar > *, .page-body > :not(.print-head)')
    await expect(parts.nth(1)).toBeVisible()
    const beside = path === 'exports' ? 0 : 232
    const grid = await parts.evaluateAll((all) => {
      const boxes = all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect())
      const [left, right] = [Math.min(...boxes.map((one) => one.left)), Math.max(...boxes.map((one) => one.right))]
      return { left, right, top: boxes[0]?.top }
    })
    expect(grid, path).toEqual({ left: beside + 16, right: 1920 - 16, top: 60 })
    // Nothing is pushed out where there is less room.
    await page.setViewportSize({ width: 800, height: 700 })
    await expect.poll(() => main.evaluate((one) => one.scrollWidth - one.clientWidth), path).toBe(0)
  }
})
