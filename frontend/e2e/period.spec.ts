import { expect, type Page, test } from '@playwright/test'
import { demoLog, open } from './console'
import { Program } from './program'

// Days that a person picks, in a browser of another time zone than the tenant's.

const program = new Program()

test.use({ timezoneId: 'America/Los_Angeles' })

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '300'])
})

test.afterAll(() => program.dispose())

const period = (page: Page) => {
  const search = new URL(page.url()).searchParams
  return ['range', 'from', 'to'].map((name) => search.get(name))
}

/** The midnight that a day of Shanghai begins with. */
const midnight = (day: string) => new Date(`${day}T00:00:00+08:00`).toISOString()

for (const messages of [
  {
    language: 'English',
    custom: 'Custom',
    from: 'From',
    to: 'To',
    apply: 'Apply',
    wrong: /^Enter a date/,
    day: (n: number) => `${n} Nov 2025`,
  },
  {
    language: '中文',
    custom: '自定义',
    from: '开始',
    to: '结束',
    apply: '应用',
    wrong: /^请输入日期/,
    day: (n: number) => `11月${n}日`,
  },
] as const)
  test(`days count whole, by click, by key and typed: ${messages.language}`, async ({ page }) => {
    await open(page, `${program.url}${demoLog}?range=last_7_days`, messages.language)
    const custom = page.getByRole('radio', { name: messages.custom })
    const dialog = page.getByRole('dialog', { name: messages.custom })
    const from = dialog.getByRole('textbox', { name: messages.from })
    const to = dialog.getByRole('textbox', { name: messages.to })
    const day = (date: number) => dialog.getByRole('gridcell').getByRole('button', { name: messages.day(date) })

    await custom.click()
    const today = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' })
    await expect(to).toHaveValue(today)
    await expect(dialog.locator('[aria-current="date"]')).toHaveText(String(Number(today.slice(-2))))

    // One click is that day; a second one ends the period.
    await from.fill('2025-11-01')
    await from.focus()
    await day(26).click()
    await expect(from).toHaveValue('2025-11-26')
    await expect(to).toHaveValue('2025-11-26')
    await dialog.getByRole('button', { name: messages.apply }).click()
    await expect.poll(() => period(page)).toEqual([null, midnight('2025-11-26'), midnight('2025-11-27')])
    await custom.click()
    await day(26).click()
    await page.keyboard.press('ArrowRight')
    await expect(day(27)).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(to).toHaveValue('2025-11-27')
    await dialog.getByRole('button', { name: messages.apply }).click()
    await expect.poll(() => period(page)).toEqual([null, midnight('2025-11-26'), midnight('2025-11-28')])

    // The week is from Monday to Sunday; the month is turned by key, and by a day of the next one.
    await custom.click()
    await day(26).focus()
    for (const [key, date] of [
      ['Home', '2025-11-24'],
      ['End', '2025-11-30'],
      ['PageUp', '2025-10-30'],
      ['PageDown', '2025-11-30'],
      ['Shift+PageUp', '2024-11-30'],
      ['Shift+PageDown', '2025-11-30'],
      ['ArrowUp', '2025-11-23'],
      ['ArrowDown', '2025-11-30'],
      ['ArrowRight', '2025-12-01'],
      ['ArrowLeft', '2025-11-30'],
    ] as const) {
      await page.keyboard.press(key)
      await expect(dialog.locator(`[data-day="${date}"]:not([data-outside]) button`)).toBeFocused()
    }
    await from.fill('2025-10-20')
    await to.focus()
    await dialog.locator('[data-day="2025-11-01"] button').click()
    await expect(to).toHaveValue('2025-11-01')
    await page.keyboard.press('Escape')

    // What is typed is taken, or the field is marked and nothing is applied.
    await custom.click()
    await from.fill('2026/11/31')
    await page.keyboard.press('Enter')
    await expect(from).toHaveAttribute('aria-invalid', 'true')
    await expect(from).toHaveAccessibleDescription(messages.wrong)
    await expect(to).toHaveAttribute('aria-invalid', 'false')
    expect(period(page)).toEqual([null, midnight('2025-11-26'), midnight('2025-11-28')])
    await from.fill('2025/11/27')
    await to.fill('2025-11-27 16:41')
    await page.keyboard.press('Enter')
    await expect.poll(() => period(page)).toEqual([null, midnight('2025-11-27'), '2025-11-27T08:41:00.000Z'])
  })

test('the export takes whole days, and none that cannot be read', async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_7_days`)
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: 'Custom' }).click()
  const today = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' })
  await expect(dialog.getByRole('textbox', { name: 'To' })).toHaveValue(today)
  await dialog.getByRole('textbox', { name: 'From' }).fill('2026-02-30')
  await expect(dialog.getByRole('button', { name: /^Export/ })).toBeDisabled()
  await dialog.getByRole('textbox', { name: 'From' }).fill('2026/02/03')
  await dialog.getByRole('textbox', { name: 'To' }).fill('2026/02/03')
  const request = page.waitForRequest((one) => one.method() === 'POST' && one.url().endsWith('/exports'))
  await dialog.getByRole('button', { name: /^Export \d/ }).click()
  expect((await request).postDataJSON()).toMatchObject({
    range: 'custom',
    from: midnight('2026-02-03'),
    to: midnight('2026-02-04'),
  })
})
