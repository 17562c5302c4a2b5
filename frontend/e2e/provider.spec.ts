import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { IdentityProvider } from './identityProvider'
import { Program } from './program'

// People of a real identity provider sign in in the browser, get other rights while they are signed in, and sign out on both sides.

const program = new Program()
let provider: IdentityProvider

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme'])
  await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], 'correct horse battery\n')
  await program.start() // for its URL
  await program.stop()
  provider = await IdentityProvider.start(program.url, 'sso')
  const rule = (group: string, role: string) => `[[rule]]\ngroup = "${group}"\nrole = "${role}"\ntenant = "acme"\n`
  writeFileSync(
    join(program.data, 'oplog.toml'),
    `${provider.config('sso', 'Company sign-in')}\n${rule('log-admins', 'admin')}\n${rule('log-readers', 'auditor')}`,
  )
  await program.start()
})

test.afterAll(async () => {
  await program.dispose()
  await provider?.stop()
})

async function enter(page: Page, login: string, password: string, path = '/sign-in') {
  await page.goto(`${program.url}${path}`)
  await page.getByRole('link', { name: 'Sign in with Company sign-in' }).click()
  await page.getByLabel('Username').fill(login)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const status = async (page: Page) => (await page.request.get(`${program.url}/api/v1/session`)).status()

test('somebody signs in, and comes to the page that was asked for', async ({ page }) => {
  await page.goto(`${program.url}/sign-in`)
  await expect(page.locator('.providers img')).toBeVisible()
  await expectAccessible(page, 'sign-in with a provider')
  await enter(page, 'anna', 'anna’s password', '/t/acme/settings/accounts')
  await expect(page).toHaveURL(/\/t\/acme\/settings\/accounts/)
  await expect(page.getByRole('row', { name: /sso\/anna/ })).toContainText('Rule 1')
})

test('somebody who loses a group loses the role with it', async ({ page }) => {
  await enter(page, 'wei', '王伟的密码')
  await expect(page).toHaveURL(/\/t\/acme\/log/)
  await provider.change('wei', { groups: ['log-admins'] })
  await expect(async () => expect(await status(page)).toBe(401)).toPass({ timeout: 150_000, intervals: [3000] })
})

test('somebody who confirms signs in there again, and comes back', async ({ page }) => {
  await enter(page, 'anna', 'anna’s password')
  await expect(page).toHaveURL(/\/t\/acme\/log/)
  await page.goto(`${program.url}/api/v1/session/oidc/sso?confirm=true&next=/t/acme/settings/accounts`)
  await page.getByLabel('Username').fill('anna')
  await page.getByLabel('Password').fill('anna’s password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText(/^Confirmed\./)).toBeVisible()
  await expect(page).toHaveURL(/\/t\/acme\/settings\/accounts$/)
  await expectAccessible(page, 'confirmed at a provider')
  const state = await page.request.get(`${program.url}/api/v1/session/confirm`)
  expect(await state.json()).toMatchObject({ methods: ['provider'], source: 'sso', until: expect.any(String) })
})

test('signing out here signs out there', async ({ page }) => {
  await enter(page, 'anna', 'anna’s password')
  await expect(page).toHaveURL(/\/t\/acme\/log/)
  await page.getByRole('button', { name: /anna|Anna/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click() // the provider's
  await expect(page).toHaveURL(`${program.url}/sign-in`)
  await page.getByRole('link', { name: 'Sign in with Company sign-in' }).click()
  await expect(page.getByLabel('Password')).toBeVisible() // it asks again
})

test('signing out there signs out here', async ({ page }) => {
  await enter(page, 'anna', 'anna’s password')
  await expect(page).toHaveURL(/\/t\/acme\/log/)
  await provider.signOut('anna')
  await expect(async () => expect(await status(page)).toBe(401)).toPass()
})

test('somebody without a rule, and somebody who gives up, read what to do', async ({ page }) => {
  await enter(page, 'otto', 'otto’s password')
  await expect(page.getByRole('heading', { name: 'Not allowed' })).toBeVisible()
  await page.getByRole('button', { name: 'Back to sign-in' }).click()
  await page.context().clearCookies()
  await page.goto(`${program.url}/sign-in`)
  await page.getByRole('link', { name: 'Sign in with Company sign-in' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('alert')).toContainText('Company sign-in')
  await page.goto(`${program.url}/api/v1/session/oidc/sso/callback?code=x&state=x`)
  await expect(page.getByRole('alert')).toContainText('Sign in again')
})

test('a provider that is down keeps no local account out', async ({ page }) => {
  await provider.stop()
  await page.goto(`${program.url}/sign-in`)
  await page.getByRole('textbox', { name: 'Username' }).fill('owner')
  await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/t\/acme\/log/)
})
