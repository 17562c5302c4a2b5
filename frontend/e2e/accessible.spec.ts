import { expect, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { demoLog, open, signIn } from './console'
import { Program } from './program'

// WCAG 2.1 AA as far as a machine can tell, on every page, in both languages and both themes.

const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '2000'])
})

test.afterAll(() => program.dispose())

// Nor does any page do what its Content-Security-Policy forbids.
let violations: string[] = []

test.beforeEach(({ page }) => {
  violations = []
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) violations.push(message.text())
  })
})

test.afterEach(() => expect(violations).toEqual([]))

for (const [language, entry, exporting, filters] of [
  ['English', 'Entry', 'Export', 'Filters'],
  ['中文', '操作记录', '导出', '筛选'],
] as const)
  for (const colorScheme of ['light', 'dark'] as const)
    test(`${language}, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme })
      await page.goto(program.url)
      await page.getByText(language, { exact: true }).click()
      await expectAccessible(page, 'sign-in')

      await open(page, `${program.url}${demoLog}?range=last_90_days&q=a&operation=delete&operation=send`, language)
      await expect(page.getByRole('row').nth(5)).toBeVisible()
      await expectAccessible(page, 'log')

      await page.getByRole('row').nth(2).click()
      await expect(page.getByRole('complementary', { name: entry }).getByRole('status')).toBeVisible()
      await expectAccessible(page, 'entry')
      await page.keyboard.press('Escape')

      await page.getByRole('button', { name: exporting, exact: true }).click()
      await expect(page.getByRole('dialog').getByRole('button', { name: /^(Export|导出) \d/ })).toBeVisible()
      await expectAccessible(page, 'export')
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^(Export|导出) \d/ })
        .click()
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^(Verify|验证)/ })
        .first()
        .click()
      await expect(page.getByRole('figure').locator('pre')).toBeVisible()
      await expectAccessible(page, 'checking an export')
      await page.keyboard.press('Escape')

      await page
        .getByRole('button', { name: /^(Operation type|操作类型)/ })
        .first()
        .click()
      await expect(page.getByRole('dialog').getByRole('checkbox').first()).toBeVisible()
      await expectAccessible(page, 'choices')

      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: /^(Columns|列设置)$/ }).click()
      await expectAccessible(page, 'columns')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: /^(Views|视图)$/ }).click()
      await page.getByRole('button', { name: /^(Save current view|保存当前视图)$/ }).click()
      await expectAccessible(page, 'saving a view')
      await page.getByRole('textbox', { name: /^(Name|名称)$/ }).fill(`A ${language} ${colorScheme}`)
      await page.keyboard.press('Enter')
      await expect(page.getByRole('dialog').getByRole('listitem').first()).toBeVisible()
      await expectAccessible(page, 'views')
      await page.keyboard.press('Escape')
      await page.keyboard.press('?')
      await expect(page.getByRole('dialog')).toBeVisible()
      await expectAccessible(page, 'help')
      await page.keyboard.press('Escape')
      await page.keyboard.press('g')
      await expect(page.getByRole('dialog')).toBeVisible()
      await expectAccessible(page, 'date')
      await page.keyboard.press('Escape')
      await page.locator('header').getByRole('button', { expanded: false }).last().click()
      await expect(page.getByRole('menu')).toBeVisible()
      await expectAccessible(page, 'account')
      await page.keyboard.press('Escape')
      await page.getByRole('radio', { name: /^(Custom|自定义)$/ }).click()
      await expect(page.getByRole('dialog').getByRole('textbox').first()).toBeVisible()
      await expectAccessible(page, 'custom period')
      await page.keyboard.press('Escape')

      await page.goto(`${program.url}${demoLog}?range=today&q=nobodyhasthisname&module=email`)
      await expect(page.getByRole('heading', { level: 2 }).last()).toBeVisible()
      await expectAccessible(page, 'empty')

      await page.goto(`${program.url}${demoLog.replace('/log', '/exports')}`)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expectAccessible(page, 'exports')
      await page
        .getByRole('button', { name: /^(Delete|删除)/ })
        .first()
        .click()
      await expect(page.getByRole('alertdialog').or(page.getByRole('dialog'))).toBeVisible()
      await expectAccessible(page, 'deleting an export')
      await page.keyboard.press('Escape')

      const integration = `${program.url}${demoLog.replace('/log', '/settings/integration')}`
      await page.goto(integration)
      await page.getByRole('button', { name: /^(Create write key|创建写入密钥)$/ }).click()
      await page.getByRole('button', { name: /^(Send a test entry|发送一条测试记录)$/ }).click()
      await expect(page.getByRole('listitem').filter({ hasText: /your test|您的测试/ })).toBeVisible()
      await expectAccessible(page, 'integration')

      await page.setViewportSize({ width: 390, height: 844 })
      await page.goto(integration)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expectAccessible(page, 'phone, integration')
      await page.goto(`${program.url}${demoLog}?range=last_90_days&organization=east`)
      await expect(page.getByRole('row').nth(3)).toBeVisible()
      await expectAccessible(page, 'phone')
      await page.getByRole('button', { name: /^(Menu|菜单)$/ }).click()
      await expect(page.getByRole('menu')).toBeVisible()
      await expectAccessible(page, 'phone, menu')
      await page.keyboard.press('Escape')

      await page.getByRole('button', { name: new RegExp(`^${filters}`) }).click()
      await expectAccessible(page, 'phone, filters')
      const parts = page.getByRole('dialog').getByRole('heading', { level: 3 })
      await parts.first().click()
      await expect(page.getByRole('dialog').getByRole('checkbox').first()).toBeVisible()
      await expectAccessible(page, 'phone, filters, types')
      await parts.first().click()
      await parts.last().click()
      await expect(page.getByRole('dialog').getByRole('treeitem').first()).toBeVisible()
      await expectAccessible(page, 'phone, filters, organizations')
    })

// The pages of the settings, and what each asks; opened by the button that says so.
const settings: [section: string, opener?: RegExp][] = [
  ['accounts', /^(Add account|添加账号)$/],
  ['accounts', /^(Disable|停用)[:：]/],
  ['keys', /^(Create key|创建密钥)$/],
  ['catalog', /^(Add module|添加模块)$/],
  ['organizations', /^(Add organization|添加组织)$/],
  ['access', /^(Action|行为) /],
  ['tenants', /^(Add tenant|添加租户)$/],
  ['system'],
  ['account', /^(Sign out everywhere|退出所有会话)$/],
]

for (const language of ['English', '中文'] as const)
  for (const colorScheme of ['light', 'dark'] as const)
    test(`settings, ${language}, ${colorScheme}`, async ({ page }) => {
      test.slow()
      await page.emulateMedia({ colorScheme })
      const at = (section: string) => `${program.url}${demoLog.replace('/log', `/settings/${section}`)}`
      await page.goto(at('accounts'))
      await page.getByText(language, { exact: true }).click()
      await signIn(page, 'owner', 'demo-password')
      for (const [section, opener] of settings) {
        await page.goto(at(section))
        await expect(
          page.getByRole('row').or(page.getByRole('treeitem')).or(page.getByRole('img')).nth(0),
        ).toBeVisible()
        await expectAccessible(page, section)
        if (!opener) continue
        await page.getByRole('button', { name: opener }).first().click()
        await expect(page.getByRole('dialog')).toBeVisible()
        await expectAccessible(page, `${section}, dialog`)
      }
      await page.goto(at('access'))
      await page.getByRole('row').nth(1).click()
      await expect(page.getByRole('dialog').getByRole('status')).toContainText(/Proven|已证明/)
      await expectAccessible(page, 'entry of the access log')

      await page.setViewportSize({ width: 390, height: 844 })
      for (const section of ['', 'accounts', 'organizations', 'access', 'system']) {
        await page.goto(at(section))
        await expect(page.getByRole(section ? 'heading' : 'navigation').first()).toBeVisible()
        await expectAccessible(page, `phone, ${section}`)
      }
    })

test('for a member', async ({ page }) => {
  await page.goto(program.url)
  await signIn(page, 'member', 'demo-password')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expectAccessible(page, 'member')
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`the checkpoint, for an auditor, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme })
    await page.goto(`${program.url}${demoLog.replace('/log', '/settings/checkpoint')}`)
    await signIn(page, 'auditor', 'demo-password')
    await expect(page.getByRole('img').first()).toBeVisible()
    await expectAccessible(page, 'checkpoint')
    await page.setViewportSize({ width: 390, height: 844 })
    await expectAccessible(page, 'checkpoint, phone')
  })

for (const [language, colorScheme] of [
  ['English', 'light'],
  ['中文', 'dark'],
] as const)
  test(`retention, ${language}, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }) // colours on their way are no colours
    await page.goto(`${program.url}${demoLog.replace('/log', '/settings/retention')}`)
    await page.getByText(language, { exact: true }).click()
    await signIn(page, 'owner', 'demo-password')
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: /^(Place hold|设置法律保留)$/ }).click()
    await dialog.getByRole('textbox').first().fill('case 7')
    await expectAccessible(page, 'hold')
    await dialog.getByRole('button', { name: /^(Place hold|设置法律保留)$/ }).click()
    await expect(page.getByRole('table').getByRole('row').nth(1)).toBeVisible()
    await expect(dialog).toBeHidden()
    await page.mouse.move(0, 0)
    await expectAccessible(page, 'retention')
    await page.getByRole('button', { name: /^(Edit rule|编辑规则)$/ }).click()
    await dialog.getByRole('radio').nth(1).check()
    await dialog.getByRole('spinbutton').fill('30')
    await expect(dialog.getByRole('status')).toHaveText(/\S/)
    await expectAccessible(page, 'rule')
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 390, height: 844 })
    await expectAccessible(page, 'retention, phone')
  })

for (const colorScheme of ['light', 'dark'] as const)
  test(`the demo's host system, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme })
    await page.goto(`${program.url}/host`)
    await expectAccessible(page, 'admin')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(`${program.url}/host?as=member&lang=zh-CN`)
    await expectAccessible(page, 'member, phone')
  })
