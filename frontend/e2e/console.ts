import { expect, type Page } from '@playwright/test'

/** The tenant that `oplog demo` makes. */
export const demoLog = '/t/demo/log'

/** Signs in on the page that asks for it, wherever that leads, and waits until the account has the page's language. */
export async function signIn(page: Page, username: string, password: string) {
  await page.getByRole('textbox', { name: /^(Username|用户名)$/ }).fill(username)
  await page.getByRole('textbox', { name: /^(Password|密码)$/ }).fill(password)
  await page.getByRole('button', { name: /^(Sign in|登录)$/ }).click()
  await expect(page.getByRole('textbox', { name: /^(Password|密码)$/ })).toBeHidden()
  await expect
    .poll(async () => {
      const session = await page.request.get(new URL('/api/v1/session', page.url()).href)
      const { locale } = (await session.json()) as { locale: string }
      return locale === (await page.locator('html').getAttribute('lang'))
    })
    .toBe(true)
}

/** Opens a page of the demo as its admin, in a language. */
export async function open(page: Page, address: string, language: 'English' | '中文' = 'English') {
  await page.goto(address)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, 'admin', 'demo-password')
}

/** Replaces the password that somebody else set, on the page that asks for it. */
export async function choosePassword(page: Page, old: string, password: string) {
  await page.getByLabel(/^(Current password|当前密码)$/).fill(old)
  await page.getByLabel(/^(New password|新密码)$/).fill(password)
  await page.getByRole('button', { name: /^(Change password|修改密码)$/ }).click()
}

/** Confirms who it is, in the dialog that asks for it before something that cannot be undone. */
export async function confirmWith(page: Page, password: string) {
  const asked = page.getByRole('dialog', { name: /^(Confirm that it is you|确认是您本人)$/ })
  await asked.getByLabel(/^(Your password|您的密码)$/).fill(password)
  await page.keyboard.press('Enter')
  await expect(asked).toBeHidden()
}
