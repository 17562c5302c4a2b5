import { expect, type Page, test } from '@playwright/test'
import { choosePassword, signIn } from './console'
import { Program } from './program'

// Accounts, API keys and sessions in the settings, through the real program.

const program = new Program()
const password = 'correct horse battery'
const settings = '/t/acme/settings'

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai', '--data-permission'])
  for (const role of ['admin', 'auditor'])
    await program.run(['account', 'add', role, '--role', role, '--tenant', 'acme', '--password-stdin'], `${password}\n`)
  await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], `${password}\n`)
  await program.addDirectoryKey()
  await program.start()
  const organizations = [
    { id: 'hq', name: '集团 Group' },
    { id: 'east', parent_id: 'hq', name: '华东大区 East China' },
  ]
  await program.call(program.directoryKey, '/tenants/acme/organizations', {
    method: 'PUT',
    body: JSON.stringify({ organizations }),
  })
})

test.afterAll(() => program.dispose())

const languages = [
  {
    language: 'English',
    accounts: 'Accounts',
    add: 'Add account',
    name: 'Name',
    auditor: 'Auditor',
    whole: 'The whole tenant',
    choose: 'Choose…',
    below: '华东大区 East China and below',
    makeOne: 'Generate',
    change: 'Edit',
    newPassword: 'New password',
    disable: 'Disable',
    enable: 'Enable',
    disabled: 'Disabled',
    save: 'Save',
    keys: 'API keys',
    createKey: 'Create key',
    ready: 'Ready to run',
    done: 'Done',
    revoke: 'Revoke',
    revoked: 'Revoked',
    colon: ': ',
    exists: (username: string) => `Account ${username} already exists.`,
    lastOwner: 'owner is the only active owner',
  },
  {
    language: '中文',
    accounts: '账号',
    add: '添加账号',
    name: '姓名',
    auditor: '审计员',
    whole: '整个租户',
    choose: '请选择…',
    below: '华东大区 East China 及下级',
    makeOne: '随机生成',
    change: '编辑',
    newPassword: '重设密码',
    disable: '停用',
    enable: '启用',
    disabled: '已停用',
    save: '保存',
    keys: 'API 密钥',
    createKey: '创建密钥',
    ready: '可直接运行',
    done: '完成',
    revoke: '吊销',
    revoked: '已吊销',
    colon: '：',
    exists: (username: string) => `账号 ${username} 已存在`,
    lastOwner: 'owner 是唯一可用的所有者',
  },
] as const

for (const w of languages) {
  const username = w.language === 'English' ? 'grace' : '李雷'

  test(`an account is made, changed, disabled and enabled, ${w.language}`, async ({ page, browser }) => {
    await open(page, 'admin', 'accounts', w.language)
    const row = page.getByRole('row', { name: new RegExp(username) })
    await page.getByRole('button', { name: w.add }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox').first().fill(username)
    await dialog.getByLabel(w.name, { exact: true }).fill('Grace 格蕾丝')
    await dialog.getByRole('radio', { name: w.auditor }).check()
    await dialog.getByRole('button', { name: w.choose }).click()
    await dialog.getByRole('treeitem', { name: '华东大区 East China' }).click()
    await dialog.getByRole('button', { name: w.makeOne }).click()
    const field = dialog.getByRole('textbox').last()
    await expect(field).toHaveValue(/^[a-z0-9-]{20}$/)
    const made = await field.inputValue()
    await dialog.getByRole('button', { name: w.add }).click()
    await expect(row).toContainText('Grace 格蕾丝')
    await expect(row).toContainText(w.auditor)
    await expect(row).toContainText(w.below)

    // A name that exists already: the server's message, and the form stays.
    await page.getByRole('button', { name: w.add }).click()
    await dialog.getByRole('textbox').first().fill(username)
    await dialog.getByRole('button', { name: w.choose }).click()
    await dialog.getByRole('button', { name: w.whole }).click()
    await dialog.getByRole('button', { name: w.makeOne }).click()
    await dialog.getByRole('button', { name: w.add }).click()
    await expect(dialog.getByRole('alert')).toContainText(w.exists(username))
    await page.keyboard.press('Escape')

    const person = await browser.newPage()
    await person.goto(program.url)
    await signIn(person, username, made)
    await choosePassword(person, made, 'one of my own')
    await expect(person.getByRole('tree')).toBeVisible()

    await page.getByRole('button', { name: `${w.change}${w.colon}${username}` }).click()
    await dialog.getByRole('button', { name: w.below }).click()
    await dialog.getByRole('button', { name: w.whole }).click()
    await dialog.getByRole('button', { name: w.save }).click()
    await expect(row).toContainText(w.whole)

    await page.getByRole('button', { name: `${w.newPassword}${w.colon}${username}` }).click()
    await dialog.getByRole('textbox').fill('another password')
    await dialog.getByRole('button', { name: w.save }).click()
    await expect(dialog).toBeHidden()
    await person.reload()
    await signIn(person, username, 'another password')

    await page.getByRole('button', { name: `${w.disable}${w.colon}${username}` }).click()
    await dialog.getByRole('button', { name: w.disable }).click()
    await expect(row).toContainText(w.disabled)
    await person.reload()
    await expect(person).toHaveURL(/sign-in/)
    await person.close()
    await page.getByRole('button', { name: `${w.enable}${w.colon}${username}` }).click()
    await expect(row).not.toContainText(w.disabled)
  })

  test(`the last owner stays, ${w.language}`, async ({ page }) => {
    await open(page, 'owner', 'accounts', w.language)
    await page.getByRole('button', { name: `${w.disable}${w.colon}owner` }).click()
    await page.getByRole('dialog').getByRole('button', { name: w.disable }).click()
    await expect(page.getByRole('dialog').getByRole('alert')).toContainText(w.lastOwner)
  })

  test(`a key is made, used and revoked, ${w.language}`, async ({ page }) => {
    await open(page, 'admin', 'keys', w.language)
    const name = `reader ${username}`
    await page.getByRole('button', { name: w.createKey }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox').first().fill(name)
    await dialog.getByRole('radio').nth(1).check()
    await dialog.getByRole('button', { name: w.createKey }).click()
    const key = await dialog.getByRole('figure').first().locator('pre').innerText()
    expect(key).toMatch(/^oplog_read_/)
    const line = await dialog.getByRole('figure', { name: w.ready }).locator('pre').innerText()
    expect(line).toContain(`${program.url}/api/v1/tenants/acme/entries`)
    expect(line).toContain(key)
    await program.call(key, '/tenants/acme/entries')
    await dialog.getByRole('button', { name: w.done }).click()
    await page.reload()
    const row = page.getByRole('row', { name: new RegExp(name) })
    await expect(row).toContainText(key.slice(0, 19))
    await expect(page.locator('body')).not.toContainText(key)

    await page.getByRole('button', { name: `${w.revoke}${w.colon}${name}` }).click()
    await dialog.getByRole('button', { name: w.revoke }).click()
    await expect(row).toContainText(w.revoked)
    await expect(program.call(key, '/tenants/acme/entries')).rejects.toThrow(/401/)
  })

  test(`sessions are listed and ended, ${w.language}`, async ({ page, browser }) => {
    const elsewhere = await browser.newPage()
    await open(elsewhere, 'auditor', 'account', w.language)
    await open(page, 'auditor', 'account', w.language)
    await expect(page.getByRole('row')).toHaveCount(3)
    await expect(page.getByRole('row').nth(1)).toContainText(/This session|当前会话/)
    await expect(page.getByRole('row').nth(2)).toContainText('127.0.0.1')
    const everywhere = /Sign out everywhere|退出所有会话/
    await page.getByRole('button', { name: everywhere }).click()
    await page.getByRole('dialog').getByRole('button', { name: everywhere }).click()
    await expect(page).toHaveURL(/sign-in/)
    await elsewhere.reload()
    await expect(elsewhere).toHaveURL(/sign-in/)
    await elsewhere.close()
  })
}

test('who administers nothing sees no trace of it', async ({ page }) => {
  await page.goto(program.url)
  await page.getByText('English', { exact: true }).click()
  await signIn(page, 'auditor', password)
  await expect(page.getByRole('tree')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(0)
  await page.goto(`${program.url}${settings}/accounts`)
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible()
  await page.goto(`${program.url}${settings}`)
  await expect(page).toHaveURL(/settings\/checkpoint$/)
  await expect(page.getByRole('navigation', { name: 'Settings' })).toHaveCount(0)

  // What proves the log they may take away all the same.
  await page.getByRole('link', { name: 'Operation log' }).click()
  await page.getByRole('link', { name: 'Checkpoint' }).click()
  await expect(page.getByRole('heading', { name: 'Checkpoint', level: 1 })).toBeVisible()
  await expect(page.getByText('oplog verify --tenant acme --checkpoint acme.checkpoint').first()).toBeVisible()
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByRole('heading', { name: 'Checkpoint of the operation log' })).toBeVisible()
})

async function open(page: Page, username: string, section: string, language: string) {
  await page.goto(`${program.url}${settings}/${section}`)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, username, password)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}
