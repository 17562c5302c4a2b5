import { expect, type Page, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// New entries are counted as they come, and move nothing until they are asked for.

const program = new Program()
const password = 'correct horse battery'
let key = ''
let sent = 0

test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai'])
  await program.run(
    ['account', 'add', 'admin', '--role', 'admin', '--tenant', 'acme', '--password-stdin'],
    `${password}\n`,
  )
  key = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'write', '--name', 'host'])
  await program.start()
  await send('email', 3)
})

test.afterAll(() => program.dispose())

test('new entries are counted, and shown when asked for', async ({ page }) => {
  await openLog(page, '?range=last_7_days&module=email')
  await expect(total(page)).toHaveText(/^3 operations,/)
  await expect(page.getByRole('switch', { name: 'Live' })).toBeChecked()
  await send('email', 2)
  await send('sms', 1)
  const pill = page.getByRole('button', { name: 'New entries: 2 Show' })
  await expect(pill).toBeVisible()
  await expect(total(page)).toHaveText(/^3 operations,/)
  await expect(page.getByRole('row')).toHaveCount(4)
  await page.keyboard.press('.')
  await expect(total(page)).toHaveText(/^5 operations,/)
  await expect(page.getByRole('row').nth(1)).toContainText('Email 5')
  await expect(pill).toBeHidden()

  // Another filter begins again.
  await send('email', 1)
  await expect(page.getByRole('button', { name: 'New entries: 1 Show' })).toBeVisible()
  const begun = stream(page)
  await page.getByRole('button', { name: 'Remove filter: Functional module' }).click()
  await begun
  await expect(total(page)).toHaveText(/^7 operations,/)
  await expect(page.getByRole('button', { name: /^New entries/ })).toBeHidden()
  await send('sms', 1)
  await page.getByRole('button', { name: 'New entries: 1 Show' }).click()
  await expect(total(page)).toHaveText(/^8 operations,/)
})

test('a lost stream says so, and misses nothing', async ({ page }) => {
  await openLog(page, '?range=last_7_days')
  await expect(total(page)).toHaveText(/^8 operations,/)
  await program.stop()
  await expect(page.getByText('Live paused, reconnecting…')).toBeVisible()
  const begun = stream(page)
  await program.start()
  await send('email', 2)
  await begun
  await expect(page.getByRole('button', { name: 'New entries: 2 Show' })).toBeVisible()
  await send('email', 1)
  await page.getByRole('button', { name: 'New entries: 3 Show' }).click()
  await expect(total(page)).toHaveText(/^11 operations,/)
})

test('off stays off, and a period that has ended has nothing new', async ({ page }) => {
  await openLog(page, '?range=last_7_days')
  const live = page.getByRole('switch', { name: 'Live' })
  await live.click()
  await expect(live).not.toBeChecked()
  await page.reload()
  await expect(live).not.toBeChecked()
  await send('email', 1)
  await expect(page.getByRole('button', { name: /^New entries/ })).toBeHidden()
  await live.click()
  await page.goto(`${program.url}/t/acme/log?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z`)
  await expect(live).toBeDisabled()
  await expect(live).not.toBeChecked()
})

test('speaks Chinese', async ({ page }) => {
  await openLog(page, '?range=last_7_days')
  await page.getByText('中文', { exact: true }).click()
  await expect(page.getByRole('switch', { name: '实时' })).toBeChecked()
  await send('email', 2)
  await expect(page.getByRole('button', { name: '新记录：2 条 显示' })).toBeVisible()
})

function total(page: Page) {
  return page.locator('.summary-line').getByRole('status').first()
}

async function openLog(page: Page, search: string) {
  await page.goto(`${program.url}/t/acme/log${search}`)
  const begun = stream(page)
  await signIn(page, 'admin', password)
  await expect(page.getByRole('row').nth(1)).toBeVisible()
  await begun
}

/** The next stream that the page begins: what is recorded from then on is in it. */
async function stream(page: Page) {
  await page.waitForResponse((response) => response.url().includes('/live?') && response.ok())
}

async function send(module: 'email' | 'sms', count: number) {
  const entries = Array.from({ length: count }, () => {
    sent++
    const name = `${module === 'email' ? 'Email' : 'Message'} ${sent}`
    return { user: { id: 'u_1', name: 'Ada' }, module, operation: 'send', content: { id: `c_${sent}`, name } }
  })
  await program.call(key, '/tenants/acme/entries', { method: 'POST', body: JSON.stringify({ entries }) })
}
