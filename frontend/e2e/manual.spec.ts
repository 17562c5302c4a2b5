import { expect, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { Program } from './program'

// The manual that the program serves: every page in both languages and themes, on a phone, and its search.

const program = new Program()

test.beforeAll(() => program.start())

test.afterAll(() => program.dispose())

const languages = [
  {
    folder: '',
    manual: 'Documentation',
    search: 'Search the documentation',
    other: '中文',
    api: 'Record operations, all or none',
  },
  { folder: 'zh/', manual: '文档', search: '搜索文档', other: 'English', api: '写入操作记录，要么全部，要么全不' },
] as const

for (const w of languages) {
  const first = () => `${program.url}/docs/${w.folder}`

  for (const colorScheme of ['light', 'dark'] as const)
    test(`every page, ${w.manual}, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme })
      await page.goto(first())
      const menu = page.getByRole('navigation', { name: w.manual })
      const names = await menu
        .locator(':scope > ul > li > a')
        .evaluateAll((links) => links.map((a) => (a as HTMLAnchorElement).href))
      expect(names).toHaveLength(14)
      for (const name of names) {
        await page.goto(name)
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        await expectAccessible(page, `${name} ${colorScheme}`)
      }
    })

  test(`on a phone, ${w.manual}`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 })
    for (const name of [
      '',
      'configure',
      'integrate',
      'contract',
      'api',
      'sign-in',
      'three-nodes',
      'archive',
      'compliance',
    ]) {
      await page.goto(first() + name)
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(wide, name).toBe(0)
    }
  })

  test(`search and the other language, ${w.manual}`, async ({ page }) => {
    await page.goto(`${first()}configure`)
    const search = page.getByRole('searchbox', { name: w.search })
    await search.fill('backup.keep')
    await search.press('Enter')
    await page
      .getByRole('main')
      .getByRole('link', { name: /backup\.keep/ })
      .first()
      .click()
    await expect(page.getByRole('heading', { name: 'backup.keep' })).toBeInViewport()

    await search.fill(w.api)
    await search.press('Enter')
    await page.getByRole('main').getByRole('link', { name: w.api }).click()
    await expect(page).toHaveURL(/api#recordEntries$/)
    await expect(page.getByRole('heading', { name: w.api })).toBeInViewport()

    await page.getByRole('banner').getByRole('link', { name: w.other }).click()
    await expect(page).toHaveURL(w.folder ? /\/docs\/api$/ : /\/docs\/zh\/api$/)
  })
}
