import { expect, test } from '@playwright/test'
import { demoLog, open } from './console'
import { Program } from './program'

// A dialog gives the focus back to what opened it, however it is closed.

const program = new Program()

test.beforeAll(() => program.start(['demo', '--entries', '500']))
test.afterAll(() => program.dispose())

test('the focus goes back to the button, or the row, that a dialog was opened from', async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_30_days`)
  const dialog = page.getByRole('dialog')
  for (const name of ['Export', 'Help']) {
    const button = page.getByRole('button', { name, exact: true })
    await button.click()
    await expect(dialog).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
    await expect(button, name).toBeFocused()
  }
  await page.keyboard.press('j')
  const row = page.locator('.log-row').first()
  await expect(row).toBeFocused()
  for (const key of ['?', 'g']) {
    await page.keyboard.press(key)
    await dialog.getByRole('button', { name: 'Close' }).click()
    await expect(dialog).toHaveCount(0)
    await expect(row, key).toBeFocused()
  }
  await page.goto(`${program.url}${demoLog.replace('/log', '/settings/keys')}`)
  const add = page.getByRole('button', { name: 'Create key' })
  await add.click()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(add).toBeFocused()
})
