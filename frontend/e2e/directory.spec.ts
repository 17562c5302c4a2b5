import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { Program } from './program'
import { Slapd } from './slapd'

// People of a real directory sign in, lose rights while they are signed in, and are told what to do when they may not, or when it is down.

const program = new Program()
const password = 'correct horse battery'
let slapd: Slapd

test.beforeAll(async () => {
  slapd = await Slapd.start()
  for (const line of [
    'person alice right Alice Li',
    'person bob right Bob',
    'person owner right Another',
    'group auditors',
    'group admins',
    'join auditors alice',
    'join admins owner',
  ])
    await slapd.tell(line)
  const rule = (group: string, role: string) =>
    `[[rule]]\ngroup = "${slapd.group(group)}"\nrole = "${role}"\ntenant = "acme"\n`
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme'])
  await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], `${password}\n`)
  writeFileSync(
    join(program.data, 'oplog.toml'),
    `${slapd.config('corp', 'Corporate directory')}\n${rule('admins', 'admin')}\n${rule('auditors', 'auditor')}`,
  )
  await program.start()
})

test.afterAll(async () => {
  await program.dispose()
  await slapd?.stop()
})

async function enter(page: Page, username: string, secret: string) {
  await page.goto(`${program.url}/sign-in`)
  await page.getByRole('textbox', { name: 'Username' }).fill(username)
  await page.getByRole('textbox', { name: 'Password' }).fill(secret)
  await page.keyboard.press('Enter')
}

test('somebody signs in, gets other rights while signed in, and loses them', async ({ page }) => {
  await enter(page, 'alice', 'right')
  await expect(page).toHaveURL(/\/t\/acme\/log/)
  await page.goto(`${program.url}/t/acme/settings/account`)
  await expect(page.getByText('corp keeps your password. Change it there.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Change password' })).toHaveCount(0)

  await slapd.tell('join admins alice')
  await expect(async () => {
    const answer = await page.request.get(`${program.url}/api/v1/session`)
    expect(answer.status()).toBe(401) // with another role it is another session
  }).toPass({ timeout: 70_000, intervals: [2000] })
  await enter(page, 'alice', 'right')
  await expect(page).toHaveURL(/\/t\/acme\/log/)
  await page.goto(`${program.url}/t/acme/settings/accounts`)
  const row = page.getByRole('row', { name: /corp\/alice/ })
  await expect(row).toContainText('Rule 1')
  await expect(row.getByRole('button', { name: /New password/ })).toHaveCount(0)
  await row.getByRole('button', { name: /Sessions/ }).click()
  await expect(page.getByRole('dialog')).toContainText('alice')
  await page.keyboard.press('Escape')

  await slapd.tell('disable alice')
  await expect(async () => {
    const answer = await page.request.get(`${program.url}/api/v1/session`)
    expect(answer.status()).toBe(401)
  }).toPass({ timeout: 70_000, intervals: [2000] })
  await slapd.tell('enable alice')
})

test('somebody without a rule reads no more than that', async ({ page }) => {
  await enter(page, 'bob', 'right')
  await expect(page.getByRole('heading', { name: 'Not allowed' })).toBeVisible()
  await expectAccessible(page, 'not allowed')
  await expect(page.getByText(/auditors|rule/)).toHaveCount(0)
  await page.getByRole('button', { name: 'Back to sign-in' }).click()
  await expect(page.getByRole('textbox', { name: 'Username' })).toBeVisible()
})

test('wrong passwords, and names that would be filters, read the same', async ({ page }) => {
  for (const [name, secret] of [
    ['alice', 'wrong'],
    ['nobody', 'right'],
    ['*)(uid=*', 'right'],
  ] as const) {
    await enter(page, name, secret)
    await expect(page.getByRole('alert')).toContainText('Incorrect username or password.')
  }
})

test('a directory that is down keeps no local account out', async ({ page }) => {
  await slapd.tell('stop')
  await enter(page, 'owner', password)
  await expect(page).toHaveURL(/\/t\/acme\/log/)
  await page.request.delete(`${program.url}/api/v1/session`)
  await enter(page, 'alice', 'right')
  await expect(page.getByRole('alert')).toContainText('Corporate directory')
  await slapd.tell('start')
  await enter(page, 'owner', 'right') // the other one of that name
  await expect(page).toHaveURL(/\/t\/acme\/log/)
  expect(await (await page.request.get(`${program.url}/api/v1/session`)).json()).toMatchObject({
    username: 'corp/owner',
  })
})
