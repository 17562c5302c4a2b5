import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { Program } from './program'

// A log that cannot record says so over every page, and is searched all the same.

const program = new Program()
const password = 'correct horse battery'

test.afterAll(() => program.dispose())

test('a banner says that the log is read-only, until it is not', async ({ page }) => {
  const key = await program.startWithTenant(password)
  const entry = {
    user: { id: 'u1', name: 'Emma' },
    organization: { id: 'hq', name: 'Head office' },
    module: 'sms',
    operation: 'send',
    content: { id: 'c1', name: 'Double 11' },
  }
  const record = () => program.call(key, '/tenants/acme/entries', { method: 'POST', body: JSON.stringify(entry) })
  await record()
  await page.goto(`${program.url}/sign-in`)
  await page.getByRole('textbox', { name: 'Username' }).fill('admin')
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  await page.keyboard.press('Enter')
  await expect(page.getByText('Double 11')).toBeVisible()

  const file = join(program.data, 'oplog.db')
  renameSync(file, `${file}.away`)
  await expect(record()).rejects.toThrow(/503/)
  await page.reload()
  await expect(page.getByRole('alert')).toContainText('The log is read-only: new operations cannot be recorded.')
  await expect(page.getByText('Double 11')).toBeVisible()
  await expectAccessible(page, 'read-only')

  renameSync(`${file}.away`, file)
  await expect.poll(() => record().then(() => 'recorded', String)).toBe('recorded')
  await expect(page.getByRole('alert')).toBeHidden({ timeout: 30_000 })
})
