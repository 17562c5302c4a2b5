import { expect, type Page, test } from '@playwright/test'
import type { Summary } from '../src/model/api/types'
import { demoLog, open } from './console'
import { Program } from './program'

// Every filter and its exclusion, chosen by hand; what the page counts is what the API counts for the same address.

const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '3000'])
})

test.afterAll(() => program.dispose())

const searched = (page: Page, ...names: string[]) => {
  const search = new URL(page.url()).searchParams
  return names.map((name) => search.getAll(name).join())
}

/** Waits until the page says the count of its own address, and returns it. */
async function counted(page: Page): Promise<Summary> {
  const { origin, search } = new URL(page.url())
  const answer = await page.request.get(`${origin}/api/v1/tenants/demo/summary${search}`)
  const summary = (await answer.json()) as Summary
  const total = new RegExp(
    `^(${summary.total.toLocaleString('en-US')} |共 ${summary.total.toLocaleString('en-US')} 条)`,
  )
  await expect(page.getByRole('status').filter({ hasText: total })).toBeVisible()
  return summary
}

for (const messages of [
  {
    language: 'English',
    more: /^More/,
    parts: ['Role', 'Outcome', 'IP address'],
    failed: 'Failed',
    wrong: /^Enter an address/,
    exclude: 'Exclude',
    excludeOf: (title: string) => `Exclude: ${title}`,
    user: /^User/,
    not: 'Not user: ',
    notOne: /^User not 1/,
  },
  {
    language: '中文',
    more: /^更多/,
    parts: ['角色', '结果', 'IP 地址'],
    failed: '失败',
    wrong: /^请输入 IP 地址/,
    exclude: '排除',
    excludeOf: (title: string) => `排除：${title}`,
    user: /^用户/,
    not: '排除用户：',
    notOne: /^用户 排除 1/,
  },
] as const)
  test(`outcome, role, address and user, chosen and excluded: ${messages.language}`, async ({ page }) => {
    await open(page, `${program.url}${demoLog}?range=last_90_days`, messages.language)
    const all = await counted(page)
    const more = page.getByRole('button', { name: messages.more })
    const dialog = page.getByRole('dialog')
    const part = (index: 0 | 1 | 2) => dialog.getByRole('heading', { name: messages.parts[index], exact: true })

    await more.click()
    await part(1).click()
    await dialog.getByRole('checkbox', { name: messages.failed }).check()
    await expect.poll(() => searched(page, 'outcome')).toEqual(['failure'])
    const failed = await counted(page)
    expect(failed.total).toBe(all.facets.outcome.find(({ value }) => value === 'failure')?.count)
    await dialog.getByRole('button', { name: messages.excludeOf(messages.failed) }).click()
    await expect.poll(() => searched(page, 'outcome', 'not_outcome')).toEqual(['', 'failure'])
    expect((await counted(page)).total).toBe(all.total - failed.total)
    await dialog.getByRole('button', { name: messages.excludeOf(messages.failed), pressed: true }).click()
    await expect.poll(() => searched(page, 'not_outcome')).toEqual([''])

    const role = all.facets.role[0] ?? { value: '', count: 0 }
    await part(0).click()
    await dialog.getByRole('checkbox', { name: role.value, exact: true }).check()
    await expect.poll(() => searched(page, 'role')).toEqual([role.value])
    expect((await counted(page)).total).toBe(role.count)
    await dialog.getByRole('checkbox', { name: role.value, exact: true }).uncheck()

    // An address is checked before it is a filter.
    await part(2).click()
    const address = dialog.getByRole('textbox', { name: '10.0.0.0/8' })
    await address.fill('10.0.0')
    await page.keyboard.press('Enter')
    await expect(address).toHaveAttribute('aria-invalid', 'true')
    await expect(address).toHaveAccessibleDescription(messages.wrong)
    expect(searched(page, 'ip', 'role')).toEqual(['', ''])
    await address.fill(' ０.0.0.0/1')
    await page.keyboard.press('Enter')
    await expect.poll(() => searched(page, 'ip')).toEqual(['0.0.0.0/1'])
    const low = await counted(page)
    await dialog.getByRole('checkbox', { name: '0.0.0.0/1' }).uncheck()
    await address.fill('0.0.0.0/1')
    await dialog.getByRole('button', { name: messages.exclude, exact: true }).click()
    await expect.poll(() => searched(page, 'ip', 'not_ip')).toEqual(['', '0.0.0.0/1'])
    expect((await counted(page)).total).toBe(all.total - low.total)
    await page.keyboard.press('Escape')
    await expect(more).toBeFocused()
    await page.keyboard.press('Escape')
    await page.goto(`${program.url}${demoLog}?range=last_90_days`)

    // A user, on a wide screen, and back by the chip.
    const user = all.facets.user[0] ?? { value: '', name: '', count: 0 }
    await page.getByRole('button', { name: messages.user }).first().click()
    await dialog.getByRole('button', { name: messages.excludeOf(user.name) }).click()
    await expect.poll(() => searched(page, 'not_user')).toEqual([user.value])
    await expect(page.getByRole('button', { name: messages.notOne })).toBeVisible()
    expect((await counted(page)).total).toBe(all.total - user.count)
    await page.keyboard.press('Escape')
    const chip = page.getByRole('button', { name: new RegExp(`^${messages.not.trim()}\\s*${user.name}$`) })
    await chip.click()
    await expect(dialog.getByRole('button', { name: messages.excludeOf(user.name), pressed: true })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(chip).toBeFocused()
  })

test('a cell is excluded, and a word', async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_90_days`)
  const all = await counted(page)
  const cell = page.locator('[data-index="1"] .cell-organization')
  const organization = (await cell.innerText()).trim()
  await cell.hover()
  await cell.getByRole('button', { name: 'Exclude this value' }).click()
  const chips = page.getByRole('group', { name: 'Active filters' })
  await expect(chips).toContainText(`Not organization:${organization}`)
  expect((await counted(page)).total).toBeLessThan(all.total)
  await page.getByRole('button', { name: 'Remove filter: Not organization' }).click()

  const search = page.getByRole('searchbox')
  await search.fill('module:sms')
  await expect.poll(() => searched(page, 'q')).toEqual(['module:sms'])
  const sms = await counted(page)
  await search.fill('-module:sms')
  await expect.poll(() => searched(page, 'q')).toEqual(['-module:sms'])
  expect((await counted(page)).total).toBe(all.total - sms.total)

  // What is not searched is said, and what helps is offered.
  const role = all.facets.role.find(({ value }) => /^[A-Za-z ]+$/.test(value)) ?? { value: '', count: 0 }
  await search.fill(`"${role.value}" nobody`)
  await expect(page.getByText(/^Search looks in user, module and content, not in role/)).toBeVisible()
  await search.fill(role.value)
  await page
    .getByRole('listitem')
    .filter({ hasText: `Role:${role.value}` })
    .getByRole('button')
    .first()
    .click()
  await expect.poll(() => searched(page, 'q', 'role')).toEqual(['', role.value])
  expect((await counted(page)).total).toBe(role.count)
})

for (const messages of [
  { language: 'English', custom: 'Custom', last: 'Last month', live: 'Live', freeze: 'Freeze', today: 'Today' },
  { language: '中文', custom: '自定义', last: '上月', live: '实时', freeze: '固定时段', today: '今天' },
] as const)
  test(`periods by the calendar, and a frozen one: ${messages.language}`, async ({ page }) => {
    await open(page, `${program.url}${demoLog}?range=last_90_days`, messages.language)
    await page.getByRole('radio', { name: messages.custom }).click()
    await page.getByRole('dialog').getByRole('button', { name: messages.last }).click()
    await expect(page.getByRole('radio', { name: messages.last })).toBeChecked()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    expect(searched(page, 'range', 'from', 'to')).toEqual(['last_month', '', ''])
    const month = await counted(page)
    await expect(page.getByRole('switch', { name: messages.live })).toBeDisabled()

    // The export takes it, too.
    await page.getByRole('radio', { name: messages.today }).click()
    await counted(page)
    await page.getByRole('button', { name: /^(Export|导出)$/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: messages.custom }).click()
    await dialog.getByRole('button', { name: messages.last, exact: true }).click()
    await expect(dialog.getByRole('radio', { name: messages.last })).toBeFocused()
    const request = page.waitForRequest((one) => one.method() === 'POST' && one.url().endsWith('/exports'))
    await dialog.getByRole('button', { name: new RegExp(` ${month.total.toLocaleString('en-US')} `) }).click()
    expect((await request).postDataJSON()).toEqual({ range: 'last_month', format: 'csv', filters: {} })
    await page.keyboard.press('Escape')

    const today = await counted(page)
    await page.getByRole('button', { name: messages.freeze }).click()
    await expect.poll(() => searched(page, 'range')).toEqual([''])
    const [from = '', to = ''] = searched(page, 'from', 'to')
    expect(Date.parse(from)).toBe(Date.parse(today.from))
    expect(Date.parse(to)).toBeGreaterThan(Date.now() - 600_000)
    expect(Date.parse(to)).toBeLessThan(Date.now() + 60_000)
    await expect(page.getByRole('button', { name: messages.freeze })).toHaveCount(0)
    expect((await counted(page)).total).toBe(today.total)
  })
