import { createHmac } from 'node:crypto'
import { expect, type Page, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { Program } from './program'

// The second factor through the real program: set up under Your account, asked for at the next sign-in, required of a role; an
// authenticator app, and passkeys of the browser's virtual device.

const program = new Program()
const password = 'correct horse battery'

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme'])
  for (const name of ['owner', 'second'])
    await program.run(['account', 'add', name, '--role', 'owner', '--password-stdin'], `${password}\n`)
  const admin = ['account', 'add', 'admin', '--role', 'admin', '--tenant', 'acme', '--password-stdin']
  await program.run(admin, `${password}\n`)
  await program.start()
})

test.afterAll(() => program.dispose())

/** The code of an authenticator app (RFC 6238), some steps from now: the program takes each once, and those beside the current one. */
function totp(secret: string, steps: number): string {
  const bits = [...secret].map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'))
  const bytes = bits.join('').match(/.{8}/g) ?? []
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const mac = createHmac('sha1', Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2))))
    .update(counter)
    .digest()
  const number = mac.readUInt32BE((mac[19] ?? 0) & 15) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

async function enterPassword(page: Page, username: string, url = program.url) {
  await page.goto(`${url}/sign-in`)
  await page.getByRole('textbox', { name: /^(Username|用户名)$/ }).fill(username)
  await page.getByRole('textbox', { name: /^(Password|密码)$/ }).fill(password)
  await page.keyboard.press('Enter')
}

async function readSecret(page: Page): Promise<string> {
  const shown = page.getByText(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/)
  return (await shown.innerText()).replaceAll(' ', '')
}

test('set up under Your account, it is asked for after the password', async ({ page }) => {
  const code = page.getByRole('textbox', { name: 'Code, 6 digits' })
  const dialog = page.getByRole('dialog')
  await enterPassword(page, 'owner')
  await expect(page).toHaveURL(/\/log/)
  await page.goto(`${program.url}/t/acme/settings/account`)
  await page.getByRole('button', { name: 'Set up an authenticator app' }).click()
  await dialog.getByLabel('Your password').fill(password)
  await dialog.getByRole('button', { name: 'Next' }).click()
  await expect(dialog.getByRole('img', { name: 'QR code for the authenticator app' })).toBeVisible()
  await expectAccessible(page, 'set-up')
  const secret = await readSecret(page)
  await code.fill(totp(secret, -1))
  await expect(dialog.getByRole('listitem')).toHaveCount(10)
  await expectAccessible(page, 'recovery codes')
  await page.keyboard.press('Escape') // asks, because nothing was kept
  await expect(dialog.getByRole('alert')).toContainText('not copied, saved or printed')
  const saving = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Save as file' }).click()
  expect((await saving).suggestedFilename()).toBe('oplog-recovery-codes.txt')
  const recovery = (await dialog.getByRole('listitem').first().innerText()).trim()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByText('10 of 10 left.')).toBeVisible()
  await expectAccessible(page, 'account')

  // A wrong code, then the right one, pasted with a space in it.
  await page.context().clearCookies()
  await enterPassword(page, 'owner')
  await expect(code).toBeFocused()
  await expectAccessible(page, 'second factor')
  await page.keyboard.type(totp(secret, 40))
  await expect(page.getByRole('alert')).toContainText(/4 attempts left/)
  await expect(code).toBeFocused()
  await expect(code).toHaveValue('')
  await code.fill(totp(secret, 0).replace(/^.../, '$& '))
  await expect(page).toHaveURL(/\/log/)

  // A recovery code in place of the app, in Chinese, dark and on a phone.
  await page.context().clearCookies()
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize({ width: 390, height: 844 })
  await enterPassword(page, 'owner')
  await page.getByText('中文', { exact: true }).click()
  await page.getByRole('button', { name: '使用恢复码' }).click()
  await expectAccessible(page, 'recovery code')
  await page.getByLabel('恢复码').fill(recovery)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/log/)
  await page.goto(`${program.url}/t/acme/settings/account`)
  await expect(page.getByText('剩余 9 个，共 10 个。')).toBeVisible()
  await expectAccessible(page, 'account, phone')
})

test('an owner requires it of a role, whose people set it up at sign-in; an admin removes it', async ({ page }) => {
  await enterPassword(page, 'second')
  await expect(page).toHaveURL(/\/log/)
  await page.goto(`${program.url}/t/acme/settings/tenants`)
  await page.getByRole('group', { name: 'Second factor by role' }).getByLabel('Owner').click()
  await expect(page.getByText('Second factor by role saved.')).toBeVisible()
  await expectAccessible(page, 'rule')
  await page.context().clearCookies()

  await enterPassword(page, 'second')
  await page.getByRole('button', { name: 'Set up' }).click()
  await page.getByRole('textbox', { name: 'Code, 6 digits' }).fill(totp(await readSecret(page), 0))
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('alert')).toContainText('not copied, saved or printed')
  await expectAccessible(page, 'recovery codes at sign-in')
  await page.getByRole('button', { name: 'Leave without saving' }).click()
  await expect(page).toHaveURL(/\/log/)

  await page.goto(`${program.url}/t/acme/settings/accounts`)
  await page.getByRole('button', { name: 'Remove the second factor of owner' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByRole('row', { name: /^owner/ })).toContainText('No second factor')
  await expectAccessible(page, 'accounts')
})

test('an account with only a passkey is asked for it; without its device, for a recovery code', async ({ page }) => {
  const url = program.url.replace('127.0.0.1', 'localhost') // browsers have no passkeys at addresses
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const dialog = page.getByRole('dialog')
  await enterPassword(page, 'admin', url)
  await expect(page).toHaveURL(/\/log/)
  await page.goto(`${url}/t/acme/settings/account`)
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await dialog.getByLabel('Your password').fill(password)
  await dialog.getByRole('button', { name: 'Next' }).click()
  await dialog.getByLabel('Name of the passkey').fill('Laptop')
  await expectAccessible(page, 'new passkey')
  await dialog.getByRole('button', { name: 'Create passkey' }).click()
  const recovery = (await dialog.getByRole('listitem').first().innerText()).trim()
  const saving = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Save as file' }).click()
  await saving
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByText(/^Passkey, added \d{4}-\d\d-\d\d, not used yet\.$/)).toBeVisible()
  await expect(page.getByText('On', { exact: true })).toBeVisible()
  await expectAccessible(page, 'account with a passkey')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await dialog.getByLabel('Your password').fill(password)
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Create passkey' }).click()
  await expect(dialog.getByRole('alert')).toHaveText('This device already has a passkey for your account.')
  await page.keyboard.press('Escape')

  await page.context().clearCookies()
  await enterPassword(page, 'admin', url)
  await expect(page.getByRole('button', { name: 'Use a passkey' })).toBeFocused()
  await expectAccessible(page, 'passkey')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/log/)

  await cdp.send('WebAuthn.clearCredentials', { authenticatorId })
  await page.context().clearCookies()
  await enterPassword(page, 'admin', url)
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await expect(page.getByRole('alert')).toContainText('this device has no passkey of yours')
  await page.getByRole('button', { name: 'Use a recovery code' }).click()
  await page.getByLabel('Recovery code').fill(recovery)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/log/)
  await page.goto(`${url}/t/acme/settings/account`)
  await page.getByRole('button', { name: 'Remove: Laptop' }).click()
  await dialog.getByLabel('Your password').fill(password)
  await page.keyboard.press('Enter')
  await expect(page.getByText('Off', { exact: true })).toBeVisible()
})
