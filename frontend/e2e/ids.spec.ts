import { expect, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// The row that was clicked is the entry that opens, whatever its sender called it.

const program = new Program()
const password = 'correct horse battery'

test.beforeAll(async () => {
  const key = await program.startWithTenant(password)
  const entry = (id: string, days: number, name: string) => ({
    id,
    time: new Date(Date.now() - days * 86_400_000 - 60_000).toISOString(),
    user: { id: 'u_7', name: 'Emma' },
    module: 'email',
    operation: 'edit',
    content: { id: 'c', name },
  })
  const entries = [
    entry('same', 0, 'Newer'),
    entry('same', 2, 'Older'),
    entry('.', 3, 'One dot'),
    entry('..', 4, 'Two dots'),
  ]
  await program.call(key, '/tenants/acme/entries', { method: 'POST', body: JSON.stringify({ entries }) })
})

test.afterAll(() => program.dispose())

test('every row opens its own entry, which has an address of its own', async ({ page }) => {
  await page.goto(`${program.url}/t/acme/log?range=last_30_days`)
  await page.getByText('English', { exact: true }).click()
  await signIn(page, 'admin', password)
  const entry = page.getByRole('complementary', { name: 'Entry' })
  for (const name of ['Older', 'Newer', 'Two dots', 'One dot']) {
    await page.getByRole('row').filter({ hasText: name }).click()
    await expect(entry.getByRole('heading', { level: 2 })).toContainText(name)
    await expect(entry).toContainText('Proven unchanged')
    await page.reload()
    await expect(entry.getByRole('heading', { level: 2 })).toContainText(name)
  }
})
