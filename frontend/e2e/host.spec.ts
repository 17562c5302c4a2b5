import { expect, type Page, test } from '@playwright/test'
import { open } from './console'
import { Program } from './program'

// The demo's host system: in the upper right corner of its page an admin finds
// the link to the log, and opens it without a second password; a member finds
// nothing.

const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '2000'])
})

test.afterAll(() => program.dispose())

const languages = [
  { lang: 'en', link: 'Operation Log', member: 'Marketing manager', table: 'Operation log' },
  { lang: 'zh-CN', link: '操作日志', member: '营销经理', table: '操作日志' },
] as const

for (const { lang, link, member, table } of languages) {
  test(`${lang}: an admin opens the log from the corner`, async ({ page }) => {
    const trouble = watch(page)
    await page.goto(`${hostAddress()}?lang=${lang}`)
    const corner = page.getByRole('link', { name: link, exact: true })
    const box = await corner.boundingBox()
    expect(box?.x).toBeGreaterThan(683) // the right half
    expect(box?.y).toBeLessThan(100)

    await corner.click()
    await expect(page).toHaveURL(/\/t\/demo\/log(\?|$)/)
    await expect(page.getByRole('table', { name: table })).toBeVisible()
    await expect(page.getByRole('row').nth(3)).toBeVisible()
    await expect(page.getByRole('banner')).toContainText('林静')
    expect(trouble).toEqual([])
  })

  test(`${lang}: a member finds no trace`, async ({ page }) => {
    await page.goto(`${hostAddress()}?lang=${lang}`)
    await page.getByRole('link', { name: member, exact: true }).click()
    await expect(page.getByText('王晓敏', { exact: true }).first()).toBeVisible()
    await expect(page.getByText(/operation log|操作日志/i)).toHaveCount(0)
    expect(await page.content()).not.toMatch(/launch|\/open/)
    const answer = await page.request.get(`${hostAddress()}/open?as=member&lang=${lang}`, { maxRedirects: 0 })
    expect(answer.status()).toBe(404)
  })
}

test('the page changes its language', async ({ page }) => {
  await page.goto(hostAddress())
  await page.getByRole('link', { name: '中文', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('营销活动')
  await page.getByRole('link', { name: 'English', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Campaigns')
})

test('a link is good once', async ({ page }) => {
  const made = await page.request.get(`${hostAddress()}/open?as=admin`, { maxRedirects: 0 })
  const address = new URL(made.headers().location ?? '', program.url).href
  expect(address).toMatch(/\/launch\?tenant=demo&token=/)
  await page.goto(address)
  await expect(page).toHaveURL(/\/t\/demo\/log(\?|$)/)
  await page.context().clearCookies()
  const again = await page.goto(address)
  expect(again?.status()).toBe(401)
  await expect(page.getByText('This link was already used. Go back and open it again.')).toBeVisible()
  await expect(page.getByRole('main')).toHaveCSS('max-width', '400px') // its own style sheet is allowed
})

test('a link asks first while another person is signed in', async ({ page }) => {
  await open(page, program.url)
  const ask = async () => {
    await page.goto(hostAddress())
    await page.getByRole('link', { name: 'Operation Log', exact: true }).click()
    await expect(page.getByRole('heading', { name: 'Sign in as someone else?' })).toBeVisible()
  }
  await ask()
  await page.reload()
  await page.getByRole('link', { name: 'Stay signed in as admin' }).click()
  await expect(page.getByRole('banner')).toContainText('admin')
  await ask()
  await page.getByRole('button', { name: 'Continue as 林静' }).click()
  await expect(page).toHaveURL(/\/t\/demo\/log(\?|$)/)
  await expect(page.getByRole('banner')).toContainText('林静')
})

test('serving a log of one’s own has no host system', async ({ page }) => {
  const own = new Program()
  try {
    await own.run(['tenant', 'add', 'acme', '--name', 'Acme'])
    await own.run(
      ['account', 'add', 'admin', '--role', 'admin', '--tenant', 'acme', '--password-stdin'],
      'correct horse',
    )
    await own.start()
    await page.goto(`${own.url}/host`)
    await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  } finally {
    await own.dispose()
  }
})

/** Where the demo says that the host system is. */
function hostAddress(): string {
  return /http\S+\/host$/m.exec(program.printed)?.[0] ?? ''
}

/** What goes wrong on a page, as it goes wrong. */
function watch(page: Page): string[] {
  const trouble: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') trouble.push(message.text())
  })
  page.on('pageerror', (error) => trouble.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(program.url) && !request.url().startsWith('data:')) trouble.push(request.url())
  })
  return trouble
}
