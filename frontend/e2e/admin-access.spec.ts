import { expect, type Page, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// What the access log is narrowed to, through the real program.

const program = new Program()
const password = 'correct horse battery'
let readKey = ''

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai'])
  for (const [name, role, ...rest] of [
    ['owner', 'owner'],
    ['ada', 'admin', '--tenant', 'acme'],
  ] as const)
    await program.run(['account', 'add', name, '--role', role, ...rest, '--password-stdin'], `${password}\n`)
  readKey = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'read', '--name', 'reports'])
  await program.start()
  for (const q of ['vip', 'vip sale', '双十一'])
    await program.call(readKey, `/tenants/acme/entries?q=${encodeURIComponent(q)}`)
  for (let i = 0; i < 120; i++) await program.call(readKey, `/tenants/acme/entries?content_id=c${i}`)
})

test.afterAll(() => program.dispose())

const languages = [
  {
    language: 'English',
    user: /^User/,
    what: /^Action/,
    searched: 'Searched the log',
    signedIn: 'Sign-in',
    clear: 'Clear all',
    remove: (label: string) => `Remove filter: ${label}`,
    labels: ['Search', 'User', 'Action', 'Time'],
    days: '2026-01-02 to 2026-01-31',
    today: 'Today',
    all: 'All time',
    custom: 'Custom',
    end: 'That is all: 1 entry.',
    none: 'No entry matches all 3 filters',
    removeIt: 'Remove',
    allBy: 'All by reports',
    server: 'The server',
    refused: 'has no letter or digit to search for',
  },
  {
    language: '中文',
    user: /^用户/,
    what: /^行为/,
    searched: '搜索日志',
    signedIn: '登录',
    clear: '全部清除',
    remove: (label: string) => `移除筛选条件：${label}`,
    labels: ['搜索', '用户', '行为', '时间'],
    days: '2026-01-02 至 2026-01-31',
    today: '今天',
    all: '全部时间',
    custom: '自定义',
    end: '已全部显示，共 1 条。',
    none: '没有记录同时符合这 3 个条件',
    removeIt: '移除',
    allBy: 'reports 的全部记录',
    server: '服务器',
    refused: '搜索内容中没有文字或数字',
  },
] as const

for (const w of languages) {
  test(`the access log is narrowed to who, what and when, ${w.language}`, async ({ page }) => {
    await open(page, 'ada', w.language)
    const rows = page.getByRole('table').getByRole('row')
    await expect(rows.nth(3)).toBeVisible()

    // The actor, from the accounts and the keys; the action, by its title.
    await page.getByRole('button', { name: w.user }).click()
    await page.getByRole('checkbox', { name: 'reports' }).check()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: w.what }).click()
    await page.getByRole('dialog').getByRole('textbox').fill(w.searched)
    await page.getByRole('checkbox', { name: w.searched, exact: true }).check()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('button', { name: w.what }).first()).toBeFocused()
    await expect(page).toHaveURL(/user=oplog_read_[\w-]+&operation=log\.search/)

    // The search, by keyboard: a search that somebody made.
    await page.getByRole('heading', { level: 1 }).click()
    await page.keyboard.press('/')
    await page.keyboard.type('vip sale')
    await expect(page.getByText(w.end)).toBeVisible()
    await expect(rows.nth(1)).toContainText('vip sale')
    await expect(rows).toHaveCount(2)

    // The address holds it all.
    await page.reload()
    await expect(page.getByText(w.end)).toBeVisible()
    await expect(page.getByRole('searchbox')).toHaveValue('vip sale')
    await page.getByRole('radio', { name: w.today }).click()
    await expect(page).toHaveURL(/range=today/)
    await expect(page.getByText(w.end)).toBeVisible()

    // Nothing left: what to change.
    await page.getByRole('searchbox').fill('nobody searched this')
    await expect(page.getByRole('heading', { name: w.none })).toBeVisible()
    await expect(page.getByRole('table')).toHaveCount(0)
    const ways = page.getByRole('status').getByRole('listitem')
    await expect(ways).toHaveCount(4)
    await ways.last().getByRole('button', { name: w.all }).click()
    await expect(page).not.toHaveURL(/range/)
    await ways.first().getByRole('button', { name: w.removeIt }).click()
    await expect(rows.nth(3)).toBeVisible()

    // A chip goes by its key, and all at once.
    await page.getByRole('button', { name: w.remove(w.labels[1]) }).press('Backspace')
    await expect(page.getByRole('button', { name: w.remove(w.labels[2]) })).toBeFocused()
    await page.getByRole('button', { name: w.clear }).click()
    await expect(page).toHaveURL(/settings\/access\??$/)
    await expect(rows.filter({ hasText: w.signedIn }).first()).toBeVisible()
  })

  test(`an entry of the access log leads to all by its user, ${w.language}`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 })
    await open(page, 'ada', w.language, '?module=log&q=双十一')
    const rows = page.getByRole('table').getByRole('row')
    await rows.filter({ hasText: 'reports' }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: w.allBy }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(page).toHaveURL(/user=oplog_read_/)
    await expect(rows.nth(1)).toContainText('reports')
    await expect(rows.filter({ hasText: 'ada' })).toHaveCount(0)
    // On a phone nothing is wider than the screen, nor what a filter opens.
    await page.getByRole('button', { name: w.what }).click()
    await expect(page.getByRole('dialog')).toBeInViewport()
    const box = await page.getByRole('dialog').boundingBox()
    expect(box?.x).toBeGreaterThanOrEqual(0)
    expect((box?.x ?? 0) + (box?.width ?? 391)).toBeLessThanOrEqual(390)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })

  test(`a period of one's own, and what the server refuses, ${w.language}`, async ({ page }) => {
    await open(page, 'owner', w.language, '?from=2026-01-01T16:00:00Z&to=2026-01-31T16:00:00Z')
    await expect(page.getByRole('radio', { name: w.custom })).toBeChecked()
    await expect(page.getByText(w.days, { exact: true }).first()).toBeVisible()
    await page.getByRole('button', { name: w.remove(w.labels[3]) }).click()
    await expect(page.getByRole('radio', { name: w.all })).toBeChecked()
    await expect(page.getByRole('row').nth(3)).toBeVisible()

    await page.getByRole('searchbox').fill('…')
    await expect(page.getByRole('alert')).toContainText(w.refused)
    await expect(page.getByRole('searchbox')).toHaveAttribute('aria-invalid', 'true')
    await expect(page.getByRole('row').nth(3)).toBeVisible() // the rows of before stay
    await page.getByRole('searchbox').press('Escape')
    await expect(page.getByRole('alert')).toHaveCount(0)

    await page.getByRole('radio', { name: w.server }).click()
    await expect(page).toHaveURL(/scope=server/)
    await page.getByRole('button', { name: w.user }).click()
    await page.getByRole('checkbox', { name: 'owner' }).check()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('row').nth(1)).toContainText('owner')
    await expect(page.getByRole('row').filter({ hasText: 'reports' })).toHaveCount(0)
  })
}

test('a filtered access log goes on to its end', async ({ page }) => {
  await open(page, 'ada', 'English', '?operation=log.search&q=searched%20reports')
  await expect(page.getByRole('heading', { name: 'No entry matches all 2 filters' })).toBeVisible()
  await page.goto(`${program.url}/t/acme/settings/access?operation=log.search&q=user:reports`)
  await page.getByRole('row').nth(1).focus()
  await expect(async () => {
    await page.keyboard.press('End')
    await expect(page.getByRole('row').last()).toContainText('vip', { timeout: 200 })
  }).toPass()
  await expect(page.getByText('That is all: 123 entries.')).toBeVisible()
})

async function open(page: Page, username: string, language: string, search = '') {
  await page.goto(`${program.url}/t/acme/settings/access${search}`)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, username, password)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}
