import { expect, type Page, test } from '@playwright/test'
import { en } from '../src/i18n/en'
import { entryEn } from '../src/i18n/entry.en'
import { entryZh } from '../src/i18n/entry.zh'
import { exportsEn } from '../src/i18n/exports.en'
import { exportsZh } from '../src/i18n/exports.zh'
import { zh } from '../src/i18n/zh'
import { demoLog, open, signIn } from './console'
import { languages, picture, screens } from './picture'
import { Program } from './program'

// The pictures of the documentation, taken of the demo: `npm run pictures`. They are no tests.

const program = new Program()
const filtered = '&organization=east&operation=delete&operation=send&operation=export&operation=batch_export'

test.beforeAll(async () => {
  await program.start(['demo'])
})

test.afterAll(() => program.dispose())

test('log-en', async ({ page }) => {
  await openLog(page, selection())
  await arrive(page)
  await picture(page, 'log-en')
})

test('log-zh', async ({ page }) => {
  await openLog(page, selection(), '中文')
  await arrive(page)
  await picture(page, 'log-zh')
})

test('log-en-dark', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await openLog(page, selection())
  await arrive(page)
  await picture(page, 'log-en-dark')
})

test('help-en', async ({ page }) => {
  await openLog(page, selection())
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toBeVisible()
  await picture(page, 'help-en')
})

test('entry-en', async ({ page }) => {
  await openLog(page, `?range=last_30_days${filtered.replace(/&operation=.*/, '')}&operation=edit&module=wechat_page`)
  await page.getByRole('row').nth(3).click()
  await expect(page.getByText('Proven unchanged')).toBeVisible()
  await picture(page, 'entry-en')
})

test('export-en', async ({ page }) => {
  // One export that was made before, of something else.
  await openLog(page, '?range=last_30_days&organization=east&operation=delete')
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: /^Export [\d,]+ rows$/ }).click()
  await (await download).delete()
  await page.goto(`${program.url}${demoLog}?range=last_30_days${filtered}`)
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await expect(page.getByRole('dialog').getByRole('button', { name: /^Export [\d,]+ rows$/ })).toBeVisible()
  await picture(page, 'export-en')
})

test('phone-en', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await openLog(page, `?range=last_30_days${filtered}`)
  await picture(page, 'phone-en')
})

// Every page beside the settings, in both languages, on a laptop and on a phone.
for (const [language, tag] of languages)
  for (const [width, height, suffix] of screens)
    test(`pages-${tag}${suffix}`, async ({ page }) => {
      const messages = tag === 'en' ? { ...en, ...entryEn, ...exportsEn } : { ...zh, ...entryZh, ...exportsZh }
      const name = (of: string) => `pages/${of}-${tag}${suffix}`
      const log = (search: string) => page.goto(`${program.url}${demoLog}${search}`)
      await page.setViewportSize({ width, height })
      await page.goto(program.url)
      await page.getByText(language, { exact: true }).click()
      await picture(page, name('sign-in'))
      await signIn(page, 'admin', 'demo-password')

      await log(`?range=last_30_days${filtered}`)
      await expect(page.getByRole('row').nth(3)).toBeVisible()
      await picture(page, name('log'))
      const views = `${program.url}/api/v1/tenants/demo/views`
      const [deletions, outward] =
        tag === 'en' ? ['Deletions of a week', 'East China, outward'] : ['一周内的删除', '华东大区的对外操作']
      for (const { id } of (await (await page.request.get(views)).json()).views)
        await page.request.delete(`${views}/${id}`)
      await page.request.post(views, {
        data: { name: deletions, query: 'operation=delete&range=last_7_days', shared: true, start: true },
      })
      await page.request.post(views, { data: { name: outward, query: new URL(page.url()).search.slice(1) } })
      await page.getByRole('button', { name: messages.views }).click()
      await expect(page.getByRole('dialog').getByRole('listitem').nth(1)).toBeVisible()
      await picture(page, name('views'))
      await page.keyboard.press('Escape')

      await page.getByRole('button', { name: messages.export, exact: true }).click()
      const start = page.getByRole('dialog').getByRole('button', { name: /^(Export|导出) [\d,]+/ })
      const download = page.waitForEvent('download')
      await start.click()
      await (await download).delete()
      await picture(page, name('export'))
      await page.goto(`${program.url}${demoLog.replace('/log', '/exports')}`)
      await page
        .getByRole('button', { name: new RegExp(`^${messages.verify}`) })
        .first()
        .click()
      await expect(page.getByRole('figure')).toBeVisible()
      await picture(page, name('exports'))

      await log('?range=last_30_days&operation=edit&module=wechat_page')
      await page.getByRole('row').nth(2).click()
      await expect(page.getByText(messages.proven)).toBeVisible()
      await picture(page, name('entry'))
      await log('?range=today&q=nobodyhasthisname&module=email')
      await expect(page.getByRole('heading', { level: 2 }).last()).toBeVisible()
      await picture(page, name('empty'))
    })

// What is seen before there is an account, and by who has no part in the log.
const unused = new Program()

test.afterAll(() => unused.dispose())

for (const [language, tag] of languages)
  for (const [width, height, suffix] of screens)
    test(`first-${tag}${suffix}`, async ({ page }) => {
      await page.setViewportSize({ width, height })
      if (!unused.url) await unused.start()
      await page.goto(/http\S+#setup=\S+/.exec(unused.errors)?.[0] ?? '')
      await page.getByText(language, { exact: true }).click()
      await picture(page, `pages/set-up-${tag}${suffix}`)
      await page.goto(program.url)
      await page.getByText(language, { exact: true }).click()
      await signIn(page, 'member', 'demo-password')
      await page.getByText(language, { exact: true }).click()
      await page.waitForLoadState('networkidle')
      await picture(page, `pages/member-${tag}${suffix}`)
    })

for (const [language, tag] of languages)
  for (const [width, height, suffix] of screens)
    test(`checkpoint-${tag}${suffix}`, async ({ page }) => {
      await page.setViewportSize({ width, height })
      await page.goto(`${program.url}${demoLog.replace('/log', '/settings/checkpoint')}`)
      await page.getByText(language, { exact: true }).click()
      await signIn(page, 'auditor', 'demo-password')
      await expect(page.getByRole('img').first()).toBeVisible()
      await picture(page, `pages/checkpoint-${tag}${suffix}`)
    })

for (const lang of ['en', 'zh'] as const)
  test(`host-${lang}`, async ({ page }) => {
    await page.goto(`${program.url}/host?lang=${lang === 'zh' ? 'zh-CN' : lang}`)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await picture(page, `pages/host-${lang}`)
  })

/** The last days of a week's frame, from the noon of the third day before, in the demo's time zone. */
function selection(): string {
  const day = new Date(Date.now() + 8 * 3_600_000 - 4 * 86_400_000).toISOString().slice(0, 10)
  return `?range=last_7_days&organization=east&from=${encodeURIComponent(`${day}T04:00:00Z`)}`
}

async function openLog(page: Page, search: string, language?: '中文') {
  await open(page, `${program.url}${demoLog}${search}`, language)
  await expect(page.getByRole('row').nth(5)).toBeVisible()
}

/** New entries, which the page counts and does not show. */
async function arrive(page: Page) {
  const key = /Bearer ([^']+)'/.exec(program.printed)?.[1] ?? ''
  const entry = {
    user: { id: 'u_10028', name: 'Emma Clarke', role: 'Senior content editor' },
    organization: { id: 'east', name: '华东大区 East China' },
    module: 'email',
    operation: 'edit',
    content: { id: 'eml_103070', name: '会员日邀请函 Invitation' },
  }
  const entries = Array.from({ length: 12 }, (_, hour) => ({
    ...entry,
    time: new Date(Date.now() - (20 + hour) * 3_600_000).toISOString(), // among the rows of yesterday
  }))
  await program.call(key, '/tenants/demo/entries', { method: 'POST', body: JSON.stringify({ entries }) })
  await expect(page.locator('.pill', { hasText: '12' })).toBeVisible()
}
