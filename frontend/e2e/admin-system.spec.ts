import { readFileSync, writeFileSync } from 'node:fs'
import { expect, type Page, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// The access log and the system page, through the real program.

const program = new Program()
const password = 'correct horse battery'
let readKey = ''

test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai', '--data-permission'])
  await program.run(
    ['account', 'add', 'admin', '--role', 'admin', '--tenant', 'acme', '--password-stdin'],
    `${password}\n`,
  )
  await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], `${password}\n`)
  const writeKey = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'write', '--name', 'host'])
  readKey = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'read', '--name', 'report'])
  await program.start()
  const entries = Array.from({ length: 3 }, (_, i) => ({
    id: `e${i}`,
    time: new Date(Date.now() - i * 60_000).toISOString(),
    user: { id: 'u_1', name: 'Ada' },
    organization: { id: 'east', name: '华东大区 East China' },
    module: 'email',
    operation: 'send',
  }))
  const body = JSON.stringify({ entries: [...entries, { ...entries[0], id: 'x', origin: 'api' }] })
  await program.call(writeKey, '/tenants/acme/entries', { method: 'POST', body })
  const query = 'q=ada&module=email&module=sms&operation=send&organization=east'
  await program.call(readKey, `/tenants/acme/entries?${query}`)
  await program.call(readKey, '/tenants/acme/entries/e1')
  const asked = { range: 'last_7_days', format: 'csv', filters: { user: ['u_1'] } }
  await program.call(readKey, '/tenants/acme/exports', { method: 'POST', body: JSON.stringify(asked) })
  const wrong = JSON.stringify({ username: 'admin', password: 'wrong' })
  await fetch(`${program.url}/api/v1/session`, {
    method: 'POST',
    body: wrong,
    headers: { 'Content-Type': 'application/json' },
  })
})

test.afterAll(() => program.dispose())

const told = [
  {
    language: 'English',
    rows: [
      [
        'Searched the log',
        'Search: ada; Operation type: Send; Functional module: Email, SMS; Organization: 华东大区 East China',
      ],
      ['Opened an entry', 'e1'],
      ['Exported', 'Period: last 7 days; Format: csv'],
      ['Sign-in', 'Reason: wrong password'],
      ['Server started', ''],
    ],
    proven: 'Proven unchanged',
    end: /^That is all: \d+ entries\.$/,
    server: 'The server',
  },
  {
    language: '中文',
    rows: [
      ['搜索日志', '搜索：ada；操作类型：发送；功能模块：邮件、短信；组织：华东大区 East China'],
      ['查看记录', 'e1'],
      ['导出', '时段：近 7 天；格式：csv'],
      ['登录', '原因：密码错误'],
      ['服务器启动', ''],
    ],
    proven: '已证明未被改动',
    end: /^已全部显示，共 \d+ 条。$/,
    server: '服务器',
  },
] as const

for (const w of told)
  test(`the access log tells who read what, ${w.language}`, async ({ page }) => {
    await open(page, 'owner', 'access', w.language)
    for (const [title, about] of w.rows) {
      const row = page.getByRole('row').filter({ hasText: title }).filter({ hasText: about })
      await expect(row.first()).toBeVisible()
    }
    await expect(page.getByText(w.end)).toBeVisible()

    // Each is proven, as entries of the log are.
    await page.getByRole('row').filter({ hasText: w.rows[0][0] }).filter({ hasText: 'report' }).first().click()
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByText(w.proven)).toBeVisible()
    await expect(dialog.getByText('report').first()).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()

    // By keyboard: down one, open.
    await page.getByRole('row').nth(1).focus()
    await page.keyboard.press('ArrowDown')
    await expect(page.getByRole('row').nth(2)).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(dialog).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()

    await page.getByRole('radio', { name: w.server }).click()
    await expect(page.getByRole('row').filter({ hasText: 'owner' }).first()).toBeVisible()
    await expect(page.getByRole('row').filter({ hasText: 'report' })).toHaveCount(0)
  })

test('the access log goes on, page after page, and draws only what is in view', async ({ page }) => {
  for (let i = 0; i < 230; i++) await program.call(readKey, `/tenants/acme/entries?content_id=c${i}`)
  await open(page, 'admin', 'access', 'English')
  await expect(page.getByRole('row').nth(5)).toBeVisible()
  expect(await page.getByRole('row').count()).toBeLessThan(60)
  await page.getByRole('row').nth(1).focus()
  const first = page.getByText('Content ID: c0', { exact: true })
  await expect(async () => {
    await page.keyboard.press('End')
    await expect(first).toBeVisible({ timeout: 200 })
  }).toPass()
  expect(await page.getByRole('row').count()).toBeLessThan(60)
})

test('an error of the access log is told, with retry', async ({ page }) => {
  await page.route('**/api/v1/tenants/acme/access?*', (route) =>
    route.fulfill({ status: 503, json: { title: 'Unavailable', status: 503, detail: 'The store rests.' } }),
  )
  await open(page, 'admin', 'access', '中文')
  await expect(page.getByRole('alert')).toContainText('无法读取：服务器暂时无法处理，请稍后重试')
  await page.unroute('**/api/v1/tenants/acme/access?*')
  await page.getByRole('button', { name: '重试' }).click()
  await expect(page.getByRole('row').nth(1)).toBeVisible()
})

const systems = [
  {
    language: 'English',
    recorded: /Recorded in total\s*3/,
    skipped: /Skipped, not manual\s*1/,
    ready: 'Ready',
    size: 'Checkpoint of 3 entries',
    qr: 'The checkpoint as a QR code',
    save: 'Save as file',
    key: 'Verifier key',
    backup: 'Download backup',
    server: 'The server',
    sheet: 'Checkpoint of the operation log',
  },
  {
    language: '中文',
    recorded: /累计记录数\s*3/,
    skipped: /已跳过（非人工操作）\s*1/,
    ready: '就绪',
    size: '含 3 条记录的检查点',
    qr: '检查点的二维码',
    save: '保存为文件',
    key: '验证公钥',
    backup: '下载备份',
    server: '服务器',
    sheet: '操作日志检查点',
  },
] as const

for (const w of systems)
  test(`the checkpoint is taken away and compared, ${w.language}`, async ({ page }) => {
    await open(page, 'admin', 'system', w.language)
    const main = page.getByRole('main')
    await expect(main).toContainText(w.recorded)
    await expect(main).toContainText(w.skipped)
    await expect(main).toContainText(w.ready)
    await expect(page.getByRole('img', { name: w.qr })).toBeVisible()
    const shown = await page.getByRole('figure', { name: w.size }).locator('pre').textContent()
    const checkpoint = await page.request.get(`${program.url}/api/v1/tenants/acme/checkpoint`)
    expect(shown).toBe(await checkpoint.text())
    const key = (await (await page.request.get(`${program.url}/api/v1/key`)).json()) as { key: string }
    await expect(page.getByRole('figure', { name: w.key }).locator('pre')).toHaveText(key.key)

    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: w.save }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toBe('acme.checkpoint')
    expect(readFileSync(await download.path(), 'utf8')).toBe(shown)

    // What is printed is the sheet alone.
    await page.emulateMedia({ media: 'print' })
    await expect(page.getByRole('heading', { name: w.sheet })).toBeVisible()
    await expect(page.getByRole('navigation').first()).toBeHidden()
    await page.emulateMedia({ media: 'screen' })

    // An admin has no part in the server.
    await expect(main.getByRole('heading', { name: w.server, exact: true })).toHaveCount(0)
    await expect(page.getByText(w.backup)).toHaveCount(0)
  })

test('an owner downloads a backup, which is noted and told', async ({ page }) => {
  await open(page, 'owner', 'system', 'English')
  await expect(page.getByRole('main')).toContainText(/Last backup\s*Never/)
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download backup' }).click()
  const file = await (await downloading).path()
  expect(readFileSync(file).length).toBeGreaterThan(10_000)
  await page.reload()
  await expect(page.getByRole('main')).toContainText(/Last backup\s*\d{4}-\d\d-\d\d/)
  await page.goto(`${program.url}/t/acme/settings/access`)
  await page.getByRole('radio', { name: 'The server' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'Downloaded a backup' }).first()).toBeVisible()
})

test('the checkpoint that was saved holds', async ({ page }) => {
  await open(page, 'admin', 'system', 'English')
  const checkpoint = await page.getByRole('figure', { name: 'Checkpoint of 3 entries' }).locator('pre').textContent()
  const file = test.info().outputPath('acme.checkpoint')
  writeFileSync(file, checkpoint ?? '')
  await program.stop()
  expect(await program.run(['verify', '--tenant', 'acme', '--checkpoint', file])).toContain('first 3 entries')
})

async function open(page: Page, username: string, section: string, language: string) {
  await page.goto(`${program.url}/t/acme/settings/${section}`)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, username, password)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}
