import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, type Page, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// How a system is connected: the first run leads to a line that is ready to run, and what is copied from the page works.

const program = new Program()
const scratch = mkdtempSync(join(tmpdir(), 'oplog-snippets-'))
const run = promisify(execFile)
const password = 'correct horse battery'

test.beforeAll(() => program.start())

test.afterAll(async () => {
  await program.dispose()
  rmSync(scratch, { recursive: true, force: true })
})

test('after set-up a curl line is ready, and what it records arrives on the page', async ({ page }) => {
  await page.goto(/http\S+#setup=\S+/.exec(program.errors)?.[0] ?? '')
  await page.getByLabel('Tenant name').fill('Acme')
  await page.getByLabel('Tenant ID').fill('acme')
  await page.getByLabel('Time zone').fill('Asia/Shanghai')
  await page.getByLabel('Username').fill('owner')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Set up' }).click()
  await expect(page).toHaveURL(/\/t\/acme\/settings\/integration$/)
  await expect(page.getByText('Waiting for the first operation')).toBeVisible()

  const line = await code(page, /^In a shell/)
  expect(line).toMatch(/^curl 'http:.*Bearer oplog_write_/s)
  const { stdout } = await run('bash', ['-c', line])
  expect(JSON.parse(stdout)).toMatchObject({ recorded: 1 })
  const arrivals = page.getByRole('region', { name: 'Incoming operations' })
  await expect(arrivals.getByRole('listitem')).toHaveCount(1)
  await expect(arrivals.getByRole('listitem')).toContainText('Spring newsletter')
  await expect(arrivals.getByRole('listitem')).toContainText('Email')

  // The other languages too, as far as this machine has them.
  await page.getByRole('radio', { name: 'JavaScript' }).click()
  writeFileSync(join(scratch, 'record.mjs'), await code(page, /^record.mjs/))
  expect((await run('node', [join(scratch, 'record.mjs')])).stdout).toContain('201')
  await expect(arrivals.getByRole('listitem')).toHaveCount(2)
  await page.getByRole('radio', { name: 'Go', exact: true }).click()
  writeFileSync(join(scratch, 'main.go'), await code(page, /^main.go/))
  expect((await run('go', ['run', join(scratch, 'main.go')])).stdout).toContain('201 Created')
  await expect(arrivals.getByRole('listitem')).toHaveCount(3)
  await page.getByRole('radio', { name: 'Java', exact: true }).click()
  writeFileSync(join(scratch, 'Record.java'), await code(page, /^Record.java/))
  if (await run('java', ['-version']).catch(() => undefined)) {
    expect((await run('java', [join(scratch, 'Record.java')])).stdout).toContain('201')
    await expect(arrivals.getByRole('listitem')).toHaveCount(4)
  }

  // The key is not shown again.
  await page.reload()
  await expect(page.getByRole('button', { name: 'Create write key' })).toBeVisible()
  await expect(page.locator('body')).not.toContainText(/oplog_write_/)
})

for (const messages of [
  {
    language: 'English',
    empty: 'No operation has been recorded yet.',
    link: 'Send a test entry',
    arrivals: 'Incoming operations',
    mine: 'your test',
    make: 'Create write key',
    entry: 'Entry',
    proven: 'Proven unchanged',
  },
  {
    language: '中文',
    empty: '还没有任何操作记录。',
    link: '发送一条测试记录',
    arrivals: '实时接收',
    mine: '您的测试',
    make: '创建写入密钥',
    entry: '操作记录',
    proven: '已证明未被改动',
  },
])
  test(`an empty log leads to a test entry, which arrives: ${messages.language}`, async ({ page }) => {
    const tenant = messages.language === 'English' ? 'empty-en' : 'empty-zh'
    await page.goto(program.url)
    await page.getByText(messages.language, { exact: true }).click()
    await signIn(page, 'owner', password)
    await page.request.post(`${program.url}/api/v1/tenants`, { data: { id: tenant, name: tenant } })
    await page.goto(`${program.url}/t/${tenant}/log`)
    await expect(page.getByText(messages.empty)).toBeVisible()
    await page.getByRole('link', { name: messages.link }).click()
    const arrivals = page.getByRole('region', { name: messages.arrivals })
    await arrivals.getByRole('button', { name: messages.link }).click()
    await expect(arrivals.getByRole('listitem')).toContainText(messages.mine)

    // The key that sent it is revoked; the one that is made here stands in the code, and sends the next one.
    const keys = () => page.request.get(`${program.url}/api/v1/tenants/${tenant}/keys`).then((answer) => answer.json())
    expect((await keys()).keys.map((key: { revoked_at?: string }) => key.revoked_at !== undefined)).toEqual([true])
    await page.getByRole('button', { name: messages.make }).click()
    await expect(page.locator('.integration-code pre')).toContainText('Bearer oplog_write_')
    await arrivals.getByRole('button', { name: messages.link }).click()
    await expect(arrivals.getByRole('listitem')).toHaveCount(2)
    expect((await keys()).keys.map((key: { revoked_at?: string }) => key.revoked_at !== undefined)).toEqual([
      true,
      false,
    ])

    await arrivals.getByRole('link').first().click()
    const drawer = page.getByRole('complementary', { name: messages.entry })
    await expect(drawer).toContainText(messages.proven)
    await expect(drawer).toContainText('owner')
  })

test('says what kept a test entry from being sent', async ({ page }) => {
  await page.goto(program.url)
  await signIn(page, 'owner', password)
  await page.goto(`${program.url}/t/acme/settings/integration`)
  await page.route('**/entries', (route) =>
    route.fulfill({
      status: 507,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Insufficient Storage', status: 507, detail: 'The disk is full.' }),
    }),
  )
  await page.getByRole('button', { name: /^(Send a test entry|发送一条测试记录)$/ }).click()
  await expect(page.getByRole('alert')).toContainText(/The disk is full\.|服务器磁盘空间不足/)
})

/** The text of the displayed code, below its heading. */
async function code(page: Page, label: RegExp): Promise<string> {
  const figure = page.getByRole('figure').filter({ hasText: label })
  return (await figure.locator('pre').textContent()) ?? ''
}
