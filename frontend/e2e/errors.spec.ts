import { expect, type Page, test } from '@playwright/test'
import { demoLog, open, signIn } from './console'
import { Program } from './program'

// Errors show the server's message beside the data read before, with a way to retry.

const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '2000'])
})

test.afterAll(() => program.dispose())

test('filters that are refused are not asked for again and again', async ({ page }) => {
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/live?')) asked.push(request.url())
  })
  await open(page, `${program.url}${demoLog}?q=%22`)
  await expect(page.getByRole('alert')).toContainText('letter or digit')
  await expect(page.getByRole('searchbox')).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByText('Live paused, reconnecting…')).toBeHidden()
  const before = asked.length
  await page.getByRole('searchbox').fill('send')
  await expect(page.getByRole('alert')).toBeHidden()
  await expect.poll(() => asked.length).toBe(before + 1)
  expect(asked.at(-1)).toContain('q=send')
})

for (const messages of [
  {
    language: 'English',
    failed: 'The log could not be read: The disk took a break.',
    more: 'More rows could not be read: The disk took a break.',
    retry: 'Retry',
    search: 'Search',
    today: 'Today',
    drawer: 'Entry',
    entryFailed: 'The entry could not be read: The disk took a break.',
    exports: 'The exports could not be read: The disk took a break.',
    ended: 'Your session has ended.',
    title: 'Sign in',
    views: 'Views',
    viewsFailed: 'The views could not be read or changed: The disk took a break.',
  },
  {
    language: '中文',
    failed: '无法读取日志：服务器暂时无法处理，请稍后重试',
    more: '无法读取更多记录：服务器暂时无法处理，请稍后重试',
    retry: '重试',
    search: '搜索',
    today: '今天',
    drawer: '操作记录',
    entryFailed: '无法读取该记录：服务器暂时无法处理，请稍后重试',
    exports: '无法读取导出记录：服务器暂时无法处理，请稍后重试',
    ended: '会话已结束，重新登录后将回到刚才的页面。',
    title: '登录',
    views: '视图',
    viewsFailed: '无法读取或修改视图：服务器暂时无法处理，请稍后重试',
  },
] as const) {
  test(`the rows stay, the reason is said, Retry reads again: ${messages.language}`, async ({ page }) => {
    await open(page, `${program.url}${demoLog}?range=last_90_days`, messages.language)
    const rows = page.getByRole('row')
    await expect(rows.nth(5)).toBeVisible()
    const content = rows.nth(1).getByRole('cell').nth(5)
    const first = await content.innerText()
    const alert = page.getByRole('alert')

    const mend = await breakDown(page, /\/(entries|summary)\?/)
    await page.getByRole('radio', { name: messages.today }).click()
    await expect(alert).toContainText(messages.failed)
    expect(await content.innerText()).toBe(first)
    await mend()
    await alert.getByRole('button', { name: messages.retry }).click()
    await expect(alert).toBeHidden()
    await expect(page.getByRole('radio', { name: messages.today })).toBeChecked()

    // Further rows.
    await page.goto(`${program.url}${demoLog}?range=last_90_days`)
    await expect(rows.nth(5)).toBeVisible()
    const mendMore = await breakDown(page, /cursor=/)
    const region = page.locator('.log-scroll')
    await region.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await expect(page.getByText(messages.more)).toBeVisible()
    await mendMore()
    await page.locator('.log-foot').getByRole('button', { name: messages.retry }).click()
    await expect(page.getByText(messages.more)).toBeHidden()

    // What is refused marks the filter that it is about.
    await page
      .getByRole('searchbox', { name: messages.search })
      .fill(Array.from({ length: 60 }, (_, i) => `w${i}`).join(' '))
    await expect(alert).toBeVisible()
    await expect(page.getByRole('searchbox', { name: messages.search })).toHaveAttribute('aria-invalid', 'true')

    // The entry, the exports, the views.
    await page.goto(`${program.url}${demoLog}?range=last_90_days`)
    const mendEntry = await breakDown(page, /api.*(entries\/|exports|views)/)
    await rows.nth(1).click()
    const drawer = page.getByRole('complementary', { name: messages.drawer })
    await expect(drawer).toContainText(messages.entryFailed)
    await page.getByRole('button', { name: messages.views, exact: true }).click()
    await expect(page.getByRole('dialog', { name: messages.views })).toContainText(messages.viewsFailed)
    await mendEntry()
    await page.getByRole('dialog', { name: messages.views }).getByRole('button', { name: messages.retry }).click()
    await expect(page.getByRole('dialog', { name: messages.views }).getByRole('alert')).toBeHidden()
    await page.keyboard.press('Escape')
    await drawer.getByRole('button', { name: messages.retry }).click()
    await expect(drawer.getByRole('status')).toBeVisible()
    const mendExports = await breakDown(page, /api.*exports/)
    await page.goto(`${program.url}${demoLog.replace('/log', '/exports')}`)
    await expect(alert).toContainText(messages.exports)
    await mendExports()
    await alert.getByRole('button', { name: messages.retry }).click()
    await expect(alert).toBeHidden()
  })

  test(`a session that ended asks to sign in, and comes back to the same view: ${messages.language}`, async ({
    page,
  }) => {
    const view = '?operation=delete&range=last_90_days'
    await open(page, `${program.url}${demoLog}${view}`, messages.language)
    await expect(page.getByRole('row').nth(2)).toBeVisible()
    await page.context().clearCookies()
    await page.getByRole('radio', { name: messages.today }).click()
    await expect(page.getByText(messages.ended)).toBeVisible()
    await expect(page).toHaveTitle(messages.title)
    await signIn(page, 'admin', 'demo-password')
    await expect.poll(() => new URL(page.url()).search).toBe('?operation=delete&range=today')
    await page.goBack()
    await expect.poll(() => new URL(page.url()).pathname + new URL(page.url()).search).toBe(`${demoLog}${view}`)
  })
}

test('a browser that believes it is offline is answered all the same', async ({ page }) => {
  await page.goto(`${program.url}${demoLog}?range=last_90_days`)
  await page.getByText('English', { exact: true }).click()
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'onLine', { get: () => false })
    window.dispatchEvent(new Event('offline'))
  })
  await signIn(page, 'admin', 'demo-password')
  await page.getByRole('searchbox').fill('sms')
  const total = page.locator('.summary-line').getByRole('status').first()
  const { total: count } = (await (
    await page.request.get(`${program.url}/api/v1/tenants/demo/summary?q=sms&range=last_90_days`)
  ).json()) as { total: number }
  await expect(total).toHaveText(new RegExp(`^${count} operations,`))
  await expect(page.getByRole('row').nth(1)).toContainText('SMS')
  await page.getByRole('row').nth(1).click()
  await expect(page.getByRole('complementary', { name: 'Entry' })).toContainText('Proven unchanged')
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await expect(page.getByRole('dialog')).not.toContainText('counting')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('alert')).toBeHidden()

  await page.route(/\/api\//, (route) => route.abort())
  await page.getByRole('searchbox').fill('email')
  await expect(page.getByRole('alert')).toContainText('the server is not responding')
  await page.unroute(/\/api\//)
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await expect(page.getByRole('alert')).toBeHidden()
})

/** Lets calls fail until they are mended. */
async function breakDown(page: Page, path: RegExp): Promise<() => Promise<void>> {
  await page.route(path, (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Service Unavailable', status: 503, detail: 'The disk took a break.' }),
    }),
  )
  return () => page.unroute(path)
}
