import { expect, type Page, test } from '@playwright/test'
import { type AdminMessages, adminEn } from '../src/i18n/admin.en'
import { adminZh } from '../src/i18n/admin.zh'
import { en } from '../src/i18n/en'
import { entryEn } from '../src/i18n/entry.en'
import { entryZh } from '../src/i18n/entry.zh'
import type { EntryMessages } from '../src/i18n/entryMessages'
import { zh } from '../src/i18n/zh'
import { demoLog, signIn } from './console'
import { languages, picture, screens } from './picture'
import { Program } from './program'

// The pictures of the settings and of what they ask, for the documentation: part of `npm run pictures`.

const program = new Program()

test.beforeAll(() => program.start(['demo']))

test.afterAll(() => program.dispose())

const sections = 'accounts integration keys catalog organizations retention access tenants system account'.split(' ')

for (const [language, tag] of languages)
  test(`settings-${tag}`, async ({ page }) => {
    test.slow()
    await begin(page, language)
    for (const section of sections)
      for (const [width, height, suffix] of screens) {
        await page.setViewportSize({ width, height })
        await openSection(page, section)
        await picture(page, `settings/${section}-${tag}${suffix}`)
      }
  })

interface Dialog {
  name: string
  section: string
  /** Opens it, and fills in what tells how it is used. */
  open: (page: Page, messages: AdminMessages, common: EntryMessages) => Promise<void>
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const fill = (page: Page, name: string, value: string) =>
  page.getByRole('dialog').getByLabel(name, { exact: true }).fill(value)

const dialogs: Dialog[] = [
  {
    name: 'account-add',
    section: 'accounts',
    open: async (page, { accounts }, common) => {
      await press(page, accounts.add)
      await fill(page, common.username, 'lin.hao')
      await fill(page, accounts.name, '林浩')
      await page.getByRole('dialog').getByRole('radio').nth(2).check()
      await press(page, accounts.makePassword)
    },
  },
  {
    name: 'account-change',
    section: 'accounts',
    open: (page, messages) => press(page, messages.named(messages.accounts.change, 'chen.yu')),
  },
  {
    name: 'account-password',
    section: 'accounts',
    open: async (page, messages) => {
      await press(page, messages.named(messages.accounts.newPassword, 'chen.yu'))
      await press(page, messages.accounts.makePassword)
    },
  },
  {
    name: 'account-disable',
    section: 'accounts',
    open: (page, messages) => press(page, messages.named(messages.accounts.disable, 'chen.yu')),
  },
  {
    name: 'key-create',
    section: 'keys',
    open: async (page, { keys }) => {
      await press(page, keys.add)
      await fill(page, keys.name, 'DM Hub')
    },
  },
  {
    name: 'key-made',
    section: 'keys',
    open: async (page, { keys }) => {
      await press(page, keys.add)
      await fill(page, keys.name, 'DM Hub')
      await page.getByRole('dialog').getByRole('button', { name: keys.add }).click()
      await expect(page.getByText(keys.madeText)).toBeVisible()
    },
  },
  {
    name: 'key-revoke',
    section: 'keys',
    open: (page, messages) => press(page, messages.named(messages.keys.revoke, 'DM Hub, upper right corner')),
  },
  {
    name: 'module-add',
    section: 'catalog',
    open: async (page, { catalog }) => {
      await press(page, catalog.addModule)
      await fill(page, catalog.key, 'coupon')
      await fill(page, catalog.english, 'Coupons')
      await fill(page, catalog.chinese, '优惠券')
      for (const nth of [0, 1, 3]) await page.getByRole('dialog').getByRole('checkbox').nth(nth).check()
    },
  },
  {
    name: 'module-remove',
    section: 'catalog',
    open: (page, messages) =>
      page
        .getByRole('button', { name: messages.named(messages.catalog.remove, '') })
        .first()
        .click(),
  },
  {
    name: 'operation-add',
    section: 'catalog',
    open: async (page, { catalog }) => {
      await page.getByRole('radio').last().click()
      await press(page, catalog.addOperation)
      await fill(page, catalog.key, 'redeem')
      await fill(page, catalog.english, 'Redeem')
      await fill(page, catalog.chinese, '核销')
    },
  },
  {
    name: 'organization-add',
    section: 'organizations',
    open: async (page, { organizations }) => {
      await press(page, organizations.addBelow)
      await fill(page, organizations.id, 'east-studio-3')
      await fill(page, organizations.name, '华东三组 East studio 3')
    },
  },
  {
    name: 'organization-rename',
    section: 'organizations',
    open: (page, messages) => press(page, messages.organizations.rename),
  },
  {
    name: 'organization-move',
    section: 'organizations',
    open: async (page, { organizations }) => {
      await press(page, organizations.move)
      await page.getByRole('dialog').locator('.form-opener').click()
      await expect(page.getByRole('dialog').getByRole('treeitem').first()).toBeVisible()
    },
  },
  {
    name: 'organization-archive',
    section: 'organizations',
    open: (page, messages) => press(page, messages.organizations.archive),
  },
  {
    name: 'permission',
    section: 'organizations',
    open: (page, messages) => press(page, messages.organizations.turnOff),
  },
  {
    name: 'retention-rule',
    section: 'retention',
    open: async (page, { retention }) => {
      await press(page, retention.change)
      await page.getByRole('dialog').getByRole('radio').last().check()
      await fill(page, retention.daysLabel, '60')
      await expect(page.getByRole('dialog').locator('.retention-note')).toContainText(/\d/)
    },
  },
  {
    name: 'hold-place',
    section: 'retention',
    open: async (page, { retention }) => {
      await press(page, retention.addHold)
      await fill(page, retention.reason, '案件 2026-131 Case 2026-131')
      await fill(page, retention.first, '2026-10-01')
      await fill(page, retention.last, '2026-10-31')
    },
  },
  {
    name: 'hold-lift',
    section: 'retention',
    open: (page, messages) =>
      page
        .getByRole('button', { name: messages.named(messages.retention.lift, '') })
        .first()
        .click(),
  },
  {
    name: 'access-entry',
    section: 'access',
    open: async (page, { access }, common) => {
      await page.getByRole('searchbox').fill('wechat')
      const row = page.getByRole('row').filter({ hasText: access.actions['log.search'] }).filter({ hasText: 'wechat' })
      await row.first().click()
      await expect(page.getByRole('dialog').getByText(common.proven)).toBeVisible()
    },
  },
  {
    name: 'tenant-add',
    section: 'tenants',
    open: async (page, { tenants }) => {
      await press(page, tenants.add)
      await fill(page, tenants.id, 'aurora')
      await fill(page, tenants.name, 'Aurora 北辰')
    },
  },
  {
    name: 'tenant-change',
    section: 'tenants',
    open: (page, messages) => press(page, messages.named(messages.tenants.change, 'nova')),
  },
  {
    name: 'sign-out-everywhere',
    section: 'account',
    open: (page, messages) => press(page, messages.sessions.everywhere),
  },
]

for (const [language, tag] of languages)
  test(`dialogs-${tag}`, async ({ page }) => {
    test.setTimeout(300_000)
    await begin(page, language)
    for (const { name, section, open } of dialogs)
      for (const [width, height, suffix] of screens) {
        await page.setViewportSize({ width, height })
        await openSection(page, section)
        await open(page, tag === 'en' ? adminEn : adminZh, tag === 'en' ? { ...en, ...entryEn } : { ...zh, ...entryZh })
        await expect(page.getByRole('dialog')).toBeVisible()
        await picture(page, `settings/dialogs/${name}-${tag}${suffix}`)
        if (name === 'key-made') await revokeNewest(page)
      }
  })

/** Signs in by the log, which leaves a search in the access log. */
async function begin(page: Page, language: string) {
  await page.goto(`${program.url}${demoLog}?range=last_7_days&operation=delete&q=wechat`)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, 'owner', 'demo-password')
  await expect(page.getByRole('row').nth(2)).toBeVisible()
  const { accounts } = await (await page.request.get(`${program.url}/api/v1/accounts`)).json()
  if (!accounts.some(({ username }: { username: string }) => username === 'chen.yu')) await liven(page)
}

async function openSection(page: Page, section: string) {
  await page.goto(`${program.url}${demoLog.replace('/log', `/settings/${section}`)}`)
  if (section === 'organizations') await page.getByRole('treeitem', { name: /East China/ }).click()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.waitForLoadState('networkidle')
}

/** The day so many days ago. The demo has 90 days, of which the rule that is shown keeps 60. */
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)

/** What an installation has that is in use: people with names, keys, a module of its own, exports. */
async function liven(page: Page) {
  const api = `${program.url}/api/v1`
  const tenant = `${api}/tenants/demo`
  const post = (url: string, data: object) => page.request.post(url, { data })
  const person = { password: 'demo-password', role: 'auditor', tenant: 'demo', must_change: false }
  await post(`${api}/accounts`, { ...person, username: 'chen.yu', name: '陈宇', organization: 'east' })
  await post(`${api}/accounts`, { ...person, username: 'emma.clarke', name: 'Emma Clarke', role: 'admin' })
  await page.request.patch(`${api}/accounts/emma.clarke`, { data: { disabled: true } })
  await post(`${tenant}/keys`, { scope: 'launch', name: 'DM Hub, upper right corner' })
  const old = await post(`${tenant}/keys`, { scope: 'read', name: 'BI 报表' })
  await page.request.delete(`${tenant}/keys/${((await old.json()) as { id: string }).id}`)
  const operations = [{ key: 'approve', title: { en: 'Approve', 'zh-CN': '审批' }, group: 'change' }]
  const title = { en: 'Loyalty programme', 'zh-CN': '会员计划' }
  const modules = [{ key: 'loyalty', title, operations: ['create', 'edit', 'approve', 'export'] }]
  await page.request.put(`${tenant}/catalog`, { data: { modules, operations } })
  await post(`${tenant}/exports`, { range: 'last_7_days', format: 'xlsx', filters: { module: ['sms', 'email'] } })
  await post(`${tenant}/holds`, { from: daysAgo(88), to: daysAgo(75), reason: '案件 2026-118 Case 2026-118' })
  await post(`${api}/tenants`, { id: 'nova', name: 'Nova 商城', time_zone: 'Europe/Berlin', retention_days: 365 })
}

/** Ends the key that a picture has shown. */
async function revokeNewest(page: Page) {
  const keys = `${program.url}/api/v1/tenants/demo/keys`
  const all: { id: string; name: string; revoked_at?: string }[] = (await (await page.request.get(keys)).json()).keys
  for (const { id, name, revoked_at } of all)
    if (name === 'DM Hub' && !revoked_at) await page.request.delete(`${keys}/${encodeURIComponent(id)}`)
}
