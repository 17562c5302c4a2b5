import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { signIn } from './console'
import { Program } from './program'
import { Slapd } from './slapd'

// The page of sign-in, over a real directory: its state, the rules, a preview of people, and who was turned away.

const program = new Program()
const password = 'correct horse battery'
let slapd: Slapd

test.beforeAll(async () => {
  slapd = await Slapd.start()
  for (const line of [
    'person alice right Alice Li',
    'person bob right 赵磊',
    'person owner right Another',
    'group auditors',
    'group admins',
    'group sales',
    'join auditors alice',
    'join admins alice',
    'join sales bob',
  ])
    await slapd.tell(line)
  const rule = (group: string, role: string, tenant: string) =>
    `[[rule]]\ngroup = "${group}"\nrole = "${role}"\ntenant = "${tenant}"\n`
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai'])
  await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], `${password}\n`)
  writeFileSync(
    join(program.data, 'oplog.toml'),
    [
      slapd.config('corp', 'Corporate directory'),
      rule('nobody-is-here', 'admin', 'acme'),
      rule(slapd.group('Auditors').toUpperCase(), 'auditor', 'acme'),
      rule('admins', 'admin', 'acme'),
      rule('owners', 'admin', 'gone'),
    ].join('\n'),
  )
  await program.start()
})

test.afterAll(async () => {
  await program.dispose()
  await slapd?.stop()
})

test('an owner sees what the directory and the rules would give', async ({ page }) => {
  const turned = await page.request.post(`${program.url}/api/v1/session`, {
    data: { username: 'bob', password: 'right' },
  })
  expect(turned.status()).toBe(403)
  await page.goto(`${program.url}/t/acme/settings/identity`)
  await signIn(page, 'owner', password)
  await expect(page.getByRole('heading', { level: 1, name: 'Sign-in' })).toBeVisible()
  const sources = page.getByRole('region', { name: 'Sources' })
  await expect(sources).toContainText('OKCorporate directory')
  await expect(sources).toContainText(/ldaps:\/\/.*certificate until \d{4}/)
  const rules = page.getByRole('table', { name: 'Rules' })
  await expect(rules.getByRole('row')).toHaveCount(5)
  await expect(rules.getByRole('row', { name: /gone/ })).toContainText('It gives nothing')

  const name = page.getByRole('textbox', { name: 'Username' })
  await name.fill('alice')
  await name.press('Enter')
  const corp = page.getByRole('article', { name: 'Corporate directory' })
  await expect(corp.getByRole('status')).toContainText('Auditor · Acme · The whole tenant, by rule 2')
  await expect(corp).toContainText('Rule 1: not in nobody-is-here')
  await expect(corp).toContainText('Rule 3 fits as well, but comes later. It would give: Admin · Acme')
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await expectAccessible(page, `sign-in, ${colorScheme}`)
  }

  await page.getByRole('button', { name: 'Look up corp/bob' }).click()
  await expect(corp.getByRole('status')).toContainText('Refused: no rule fits.')
  await expect(corp.getByRole('button', { name: /Copy a rule for .*sales/ })).toBeVisible()
  await name.fill('owner')
  await name.press('Enter')
  await expect(page.getByText('A local account is called owner, too.')).toBeVisible()
  await name.fill('*)(uid=*')
  await name.press('Enter')
  await expect(page.getByText('No source knows *)(uid=*.')).toBeVisible()

  await slapd.tell('stop')
  await page.reload()
  await expect(sources).toContainText('FailingCorporate directory')
  await slapd.tell('start')
})

test('on a phone, in Chinese, nothing is wider than the page', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`${program.url}/t/acme/settings/identity`)
  await page.getByText('中文', { exact: true }).click()
  await signIn(page, 'owner', password)
  await page.getByRole('textbox', { name: '用户名' }).fill('bob')
  await page.getByRole('button', { name: '查询', exact: true }).first().click()
  await expect(page.getByRole('article')).toContainText('拒绝登录：没有适用的规则。')
  await expect(page.getByRole('article')).toContainText('赵磊')
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(wide).toBe(0)
  await expectAccessible(page, 'sign-in on a phone')
})
