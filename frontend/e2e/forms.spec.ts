import { expect, type Page, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// What a form does with what is missing, wrong or not finished: it says so at the field and sends nothing.

const program = new Program()
const password = 'correct horse battery'

test.beforeAll(async () => {
  await program.startWithTenant(password)
  const organizations = [
    { id: 'hq', name: 'Headquarters' },
    { id: 'east', parent_id: 'hq', name: 'East China' },
    { id: 'east2', parent_id: 'east', name: 'East Shanghai' },
    { id: 'north', parent_id: 'hq', name: 'North China' },
  ]
  await program.call(program.directoryKey, '/tenants/acme/organizations', {
    method: 'PUT',
    body: JSON.stringify(organizations),
  })
})

test.afterAll(() => program.dispose())

async function open(page: Page, path: string, language: string) {
  await page.goto(`${program.url}/t/acme/${path}`)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, 'admin', password)
}

test('what an account sees is chosen, never fallen back to', async ({ page }) => {
  await open(page, 'settings/accounts', 'English')
  await page.getByRole('button', { name: 'Add account' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Username').fill('grace')
  await dialog.getByLabel('Password').fill(password)
  const opener = dialog.getByRole('group', { name: 'Sees' }).getByRole('button').first()
  const find = dialog.getByRole('textbox', { name: 'Find organization' })
  const rows = page.getByRole('row', { name: /grace/ })

  // Nothing chosen.
  await page.keyboard.press('Enter')
  await expect(opener).toBeFocused()
  await expect(opener).toHaveAccessibleDescription('Select an option.')

  // Typing searches, with the focus where it is typed; Enter sends nothing while several are found, or none.
  await page.keyboard.type('East')
  await expect(find).toBeFocused()
  await expect(find).toHaveValue('East')
  await find.fill('West')
  await page.keyboard.press('Enter')
  await expect(find).toBeFocused()
  await find.fill('East')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('treeitem', { name: 'East China' })).toBeFocused()

  // What is searched for and not chosen is refused, also where something had been chosen before.
  await dialog.getByRole('button', { name: 'Add account' }).click()
  await expect(opener).toBeFocused()
  await expect(opener).toHaveAccessibleDescription('Select an organization from the list, or clear the search.')
  await find.fill('Shanghai')
  await page.keyboard.press('Enter')
  await expect(opener).toBeFocused()
  await expect(opener).toHaveText('East Shanghai and below')
  await page.keyboard.press('ArrowDown')
  await expect(find).toBeFocused()
  await page.keyboard.type('North')
  await dialog.getByRole('button', { name: 'Add account' }).click()
  await expect(opener).toHaveAccessibleDescription('Select an organization from the list, or clear the search.')
  await expect(rows).toHaveCount(0)

  // Escape empties the search, then closes the choice, and leaves the dialog open.
  await find.press('Escape')
  await expect(find).toHaveValue('')
  await find.press('Escape')
  await expect(find).toBeHidden()
  await expect(opener).toBeFocused()
  await dialog.getByRole('button', { name: 'Add account' }).click()
  await expect(rows).toContainText('East Shanghai and below')
})

for (const w of [
  {
    language: 'English',
    add: 'Add account',
    required: 'This is required.',
    short: 'At least 12 characters.',
    views: 'Views',
    save: 'Save current view',
    saveButton: 'Save',
  },
  {
    language: '中文',
    add: '添加账号',
    required: '此项必填。',
    short: '至少 12 个字符。',
    views: '视图',
    save: '保存当前视图',
    saveButton: '保存',
  },
])
  test(`required fields answer in the console's language, ${w.language}`, async ({ page }) => {
    // On the page of the sign-in too.
    await page.goto(`${program.url}/t/acme/settings/accounts`)
    await page.getByText(w.language, { exact: true }).click()
    const fields = page.locator('input')
    await page.keyboard.press('Enter')
    await fields.first().press('Enter')
    await expect(fields.first()).toBeFocused()
    await expect(fields.first()).toHaveAccessibleDescription(w.required)
    await expect(fields.nth(1)).toHaveAccessibleDescription(w.required)
    await signIn(page, 'admin', password)

    await page.getByRole('button', { name: w.add }).click()
    const dialog = page.getByRole('dialog')
    const username = dialog.getByRole('textbox').first()
    const secret = dialog.locator('input[type=password]')
    await dialog.getByRole('button', { name: w.add }).click()
    await expect(username).toBeFocused()
    await expect(username).toHaveAttribute('aria-invalid', 'true')
    await expect(username).toHaveAccessibleDescription(w.required)
    await expect(secret).toHaveAccessibleDescription(w.required)
    await username.fill('someone')
    await expect(username).not.toHaveAttribute('aria-invalid')
    await secret.fill('short')
    await expect(secret).toHaveAccessibleDescription(w.short)
    expect(await dialog.locator('form').getAttribute('novalidate')).not.toBeNull()

    await page.goto(`${program.url}/t/acme/log`)
    await page.getByRole('button', { name: w.views, exact: true }).click()
    await page.getByRole('button', { name: w.save }).click()
    const name = page.getByRole('dialog').getByRole('textbox')
    await page.getByRole('button', { name: w.saveButton, exact: true }).click()
    await expect(name).toBeFocused()
    await expect(name).toHaveAccessibleDescription(w.required)
  })
