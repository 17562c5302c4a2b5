import { expect, test } from '@playwright/test'
import { Program } from './program'

// The first run, as the program's own output leads to it: an owner and a tenant
// are made in the browser, once.

const program = new Program()

test.afterAll(() => program.dispose())

test('makes the first owner and tenant, once', async ({ page, context }) => {
  await program.start()
  const address = /http\S+#setup=\S+/.exec(program.errors)?.[0] ?? ''
  await page.goto(address.replace(/setup=.*/, 'setup=wrong'))
  await page.getByLabel('Tenant name').fill('Acme')
  await page.getByLabel('Tenant ID').fill('acme')
  await page.getByLabel('Time zone').fill('Asia/Shanghai')
  await page.getByLabel('Restrict what people see to their organization').check()
  await page.getByLabel('Username').fill('owner')
  await page.getByLabel('Password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Set up' }).click()
  // The code of an old address: the page asks for the right one, and keeps all else.
  await expect(page.getByRole('alert')).toBeVisible()
  const code = page.getByLabel('Setup code')
  await expect(code).toBeFocused()
  await expect(code).toHaveValue('')
  await expect(code).toHaveAccessibleDescription(/^Invalid setup code/)
  await code.fill(new URL(address).hash.replace('#setup=', ''))
  await page.getByRole('button', { name: 'Set up' }).click()
  await expect(page.getByText('Waiting for the first operation')).toBeVisible()
  await expect(page).toHaveURL(/\/t\/acme\/settings\/integration/)
  await page.getByRole('link', { name: 'Operation log' }).click()
  await expect(page.getByText('No operation has been recorded yet.')).toBeVisible()

  const setupCode = new URL(address).hash.replace('#setup=', '')
  const tenant = { id: 'other', name: 'Other' }
  const again = await context.request.post(`${program.url}/api/v1/setup`, {
    data: { code: setupCode, username: 'second', password: 'correct horse battery', tenant },
  })
  expect(again.status()).toBe(404)
})

for (const messages of [
  {
    language: 'English',
    title: 'Set up oplog',
    code: 'Setup code',
    name: 'Tenant name',
    id: 'Tenant ID',
    zone: 'Time zone',
    username: 'Username',
    password: 'Password',
    action: 'Set up',
    signIn: 'Sign in',
  },
  {
    language: '中文',
    title: '初始化 oplog',
    code: '初始化码',
    name: '租户名称',
    id: '租户 ID',
    zone: '时区',
    username: '用户名',
    password: '密码',
    action: '完成初始化',
    signIn: '登录',
  },
] as const)
  test(`without the code it is asked for, and each mistake is said at its field: ${messages.language}`, async ({
    page,
  }) => {
    const other = new Program()
    try {
      await other.start()
      const address = /http\S+#setup=\S+/.exec(other.errors)?.[0] ?? ''
      await page.goto(other.url)
      await expect(page.locator('#setup-code')).toBeFocused()
      await page.getByText(messages.language, { exact: true }).click()
      await expect(page.getByRole('heading', { name: messages.title })).toBeVisible()
      await page.getByLabel(messages.code).fill(new URL(address).hash.replace('#setup=', ''))
      await page.getByLabel(messages.name).fill('Acme Shops 总部')
      await expect(page.getByLabel(messages.id)).toHaveValue('acme-shops')
      expect(await page.getByLabel(messages.id).evaluate((input: HTMLInputElement) => input.validity.valid)).toBe(true)
      await page.getByLabel(messages.id).fill('acme shops')
      expect(await page.getByLabel(messages.id).evaluate((input: HTMLInputElement) => input.validity.valid)).toBe(false)
      await page.getByLabel(messages.id).fill('acme')
      await page.getByLabel(messages.zone).fill('Asia/Shangai')
      await page.getByLabel(messages.username).fill('owner')
      await page.getByLabel(messages.password).fill('correct horse battery')
      await page.getByRole('button', { name: messages.action }).click()
      await expect(page.getByRole('alert')).toBeVisible()
      await expect(page.getByLabel(messages.zone)).toHaveAccessibleDescription(/Asia\/Shanghai/)
      await page.getByLabel(messages.zone).fill('Asia/Shanghai')
      await page.getByRole('button', { name: messages.action }).click()
      await expect(page).toHaveURL(/\/t\/acme\/settings\/integration/)

      // The printed address has done its work: who comes by it later signs in.
      await page.context().clearCookies()
      await page.goto('about:blank')
      await page.goto(address)
      await expect(page.getByRole('heading', { name: messages.signIn })).toBeVisible()
    } finally {
      await other.dispose()
    }
  })

test('an owner whom the command line made adds the first tenant', async ({ page }) => {
  const other = new Program()
  try {
    await other.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], 'correct horse battery\n')
    await other.start()
    await page.goto(`${other.url}/sign-in`)
    await page.getByText('中文', { exact: true }).click()
    await page.getByLabel('用户名').fill('owner')
    await page.getByLabel('密码').fill('correct horse battery')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { name: '还没有租户' })).toBeVisible() // in the language of the sign-in
    await page.getByRole('button', { name: '添加租户' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('ID', { exact: true }).fill('acme')
    await dialog.getByLabel('名称', { exact: true }).fill('Acme')
    await dialog.getByRole('button', { name: '添加租户' }).click()
    await expect(page).toHaveURL(/\/t\/acme\/log/)
  } finally {
    await other.dispose()
  }
})
