import { expect, type Page, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { signIn } from './console'
import { Program } from './program'

// What cannot be undone asks again who it is, and an admin sees the console as another person does, through the real program.

const program = new Program()
const password = 'correct horse battery'

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme'])
  const add = (name: string, ...more: string[]) =>
    program.run(['account', 'add', name, ...more, '--password-stdin'], `${password}\n`)
  await add('owner', '--role', 'owner')
  await add('admin', '--role', 'admin', '--tenant', 'acme')
  await add('auditor', '--role', 'auditor', '--tenant', 'acme')
  await add('member', '--role', 'member', '--tenant', 'acme')
  await program.start()
})

test.afterAll(() => program.dispose())

async function enter(page: Page, username: string, language: 'English' | '中文' = 'English') {
  await page.goto(`${program.url}/sign-in`)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, username, password)
}

test('a retention asks for the password, once in five minutes', async ({ page }) => {
  await enter(page, 'owner')
  await page.goto(`${program.url}/t/acme/settings/retention`)
  const setRule = async (days: string) => {
    await page.getByRole('button', { name: 'Edit rule' }).first().click()
    await page.getByLabel('For a number of days').check()
    await page.getByLabel('Days', { exact: true }).fill(days)
    await page.getByRole('button', { name: 'Save rule' }).click()
  }
  await setRule('300')
  const asked = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await expect(asked).toBeVisible()
  await expectAccessible(page, 'confirmation')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('alert')).toContainText('cannot be undone')
  await page.getByRole('button', { name: 'Save rule' }).click()
  await asked.getByLabel('Your password').fill('wrong password')
  await page.keyboard.press('Enter')
  await expect(asked.getByText('This is not your password.')).toBeVisible()
  await asked.getByLabel('Your password').fill(password)
  await page.keyboard.press('Enter')
  await expect(page.getByText('300 days')).toBeVisible()
  await setRule('200')
  await expect(page.getByText('200 days')).toBeVisible()
  await expect(asked).toBeHidden()
})

for (const w of [
  {
    language: 'English',
    as: 'View as: auditor',
    view: 'View',
    bar: /You are viewing the log as auditor \(Auditor, Acme\)/,
    stop: 'Stop viewing',
    accounts: 'Accounts',
  },
  {
    language: '中文',
    as: '以其视角查看：auditor',
    view: '查看',
    bar: /您正在以 auditor 的视角查看日志（审计员，Acme）/,
    stop: '停止查看',
    accounts: '账号',
  },
] as const)
  test(`an admin sees the console as an auditor does, ${w.language}`, async ({ page, context }) => {
    await enter(page, 'admin', w.language)
    await page.goto(`${program.url}/t/acme/settings/accounts`)
    const other = await context.newPage()
    await other.goto(`${program.url}/t/acme/log`)
    await expect(other.getByRole('searchbox')).toBeVisible()

    await page.getByRole('button', { name: w.as }).click()
    await expectAccessible(page, 'before viewing')
    await page.getByRole('dialog').getByRole('button', { name: w.view, exact: true }).click()
    await expect(page).toHaveURL(/\/t\/acme\/log/)
    await expect(page.getByText(w.bar)).toBeVisible()
    await expectAccessible(page, 'viewing')
    await expect(other.getByText(w.bar)).toBeVisible() // which was loaded again
    const refused = await page.request.patch(`${program.url}/api/v1/session`, { data: { locale: 'en' } })
    expect(refused.status()).toBe(403)
    await page.goto(`${program.url}/t/acme/settings/accounts`)
    await expect(page.getByRole('link', { name: w.accounts, exact: true })).toBeHidden()

    await page.getByRole('button', { name: w.stop }).click()
    await expect(page.getByRole('button', { name: w.as })).toBeVisible()
    await expect(page.getByText(w.bar)).toBeHidden()
    await expect(other.getByText(w.bar)).toBeHidden()
  })

test('a member sees nothing, and the person who looks can stop', async ({ page }) => {
  await enter(page, 'admin')
  await page.goto(`${program.url}/t/acme/settings/accounts`)
  await page.getByRole('button', { name: 'View as: member' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'View', exact: true }).click()
  await expect(page.getByText(/viewing the log as member \(Member, sees nothing\)/)).toBeVisible()
  await expectAccessible(page, 'viewing as a member')
  await page.getByRole('button', { name: 'Stop viewing' }).click()
  await expect(page).toHaveURL(/settings\/accounts/)
})
