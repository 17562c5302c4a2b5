import { expect, test } from '@playwright/test'
import { demoLog, open } from './console'
import { Program } from './program'

// The server goes while the page is open, and comes back: what was read stays, and what was not is read then.

const program = new Program()
const demo = ['demo', '--entries', '500']

test.beforeEach(() => program.start(demo))
test.afterEach(() => program.stop())
test.afterAll(() => program.dispose())

for (const messages of [
  {
    language: 'English',
    log: 'Operation log',
    drawer: 'Entry',
    entryFailed: 'The entry could not be read: the server is not responding',
    logFailed: 'The log could not be read: the server is not responding',
    partMissing: 'This part of the page could not be loaded.',
    exports: 'Exports',
    pageMissing: 'This page could not be loaded',
    reload: 'Reload page',
    silent: 'The server is still not responding.',
    days: '90 days',
    signOut: 'Sign out',
    stillSignedIn: 'You are still signed in: the server is not responding',
    retry: 'Retry',
    signIn: 'Sign in',
  },
  {
    language: '中文',
    log: '操作日志',
    drawer: '操作记录',
    entryFailed: '无法读取该记录：服务器未响应',
    logFailed: '无法读取日志：服务器未响应',
    partMissing: '页面的这一部分无法加载。',
    exports: '导出记录',
    pageMissing: '页面无法加载',
    reload: '重新加载页面',
    silent: '服务器仍未响应。',
    days: '近 90 天',
    signOut: '退出登录',
    stillSignedIn: '尚未退出登录：服务器未响应',
    retry: '重试',
    signIn: '登录',
  },
] as const)
  test(`the server goes and comes back: ${messages.language}`, async ({ page }) => {
    await page.route('**/JumpDialog-*', (route) => route.abort())
    await open(page, `${program.url}${demoLog}?range=last_30_days`, messages.language)
    const rows = page.getByRole('table', { name: messages.log }).getByRole('row')
    const alert = page.getByRole('alert')
    await expect(rows.nth(3)).toBeVisible()
    // The parts that open over the log are read once it is there, one after another: this is the last.
    const last = () =>
      page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('FilterSheet')))
    await expect.poll(async () => (await last()).length).toBe(1)
    await program.stop()

    await rows.nth(3).click()
    const drawer = page.getByRole('complementary', { name: messages.drawer })
    await expect(drawer.getByRole('alert')).toContainText(messages.entryFailed)
    await expect(rows.nth(3)).toBeVisible()
    await page.keyboard.press('Escape')
    await page.getByText(messages.days, { exact: true }).click()
    await expect(alert).toContainText(messages.logFailed)
    await page.keyboard.press('g') // this part was never read
    await expect(alert.filter({ hasText: messages.partMissing })).toBeVisible()
    await expect(rows.nth(3)).toBeVisible()

    await page.getByRole('link', { name: messages.exports }).click()
    await expect(page.getByRole('heading', { name: messages.pageMissing })).toBeVisible()
    await page.getByRole('button', { name: messages.reload }).click()
    await expect(page.getByText(messages.silent)).toBeVisible()
    await page.goBack()
    await expect(page.getByRole('heading', { name: messages.pageMissing })).toBeHidden()

    await program.start(demo)
    await expect(rows.nth(3)).toBeVisible({ timeout: 20_000 }) // by itself
    await expect(alert).toBeHidden()
    await page.getByRole('link', { name: messages.exports }).click()
    await expect(page.getByRole('heading', { name: messages.exports, exact: true })).toBeVisible()

    // What a menu opens is read once its page is there, too.
    const menu = () =>
      page.evaluate(() => {
        const read = performance.getEntriesByType('resource').map(({ name }) => name)
        return ['/MenuPanel-', '/floating-'].every((part) =>
          read.some((name) => name.includes(`${part}`) && name.endsWith('.js')),
        )
      })
    await expect.poll(menu).toBe(true)
    await program.stop()
    await page.getByRole('button', { name: /^admin / }).click()
    await page.getByRole('menuitem', { name: messages.signOut }).click()
    const still = alert.filter({ hasText: messages.stillSignedIn })
    await expect(still).toBeVisible()
    await program.start(demo)
    await still.getByRole('button', { name: messages.retry }).click()
    await expect(page.getByRole('button', { name: messages.signIn })).toBeVisible()
  })
