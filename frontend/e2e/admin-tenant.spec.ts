import { expect, type Page, test } from '@playwright/test'
import type { Catalog, Organization } from '../src/model/api/types'
import { signIn } from './console'
import { Program } from './program'

// Tenants, catalog and organizations in the settings, through the real program.

const program = new Program()
const password = 'correct horse battery'
let writeKey = ''

test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai', '--data-permission'])
  await program.run(
    ['account', 'add', 'admin', '--role', 'admin', '--tenant', 'acme', '--password-stdin'],
    `${password}\n`,
  )
  await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], `${password}\n`)
  writeKey = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'write', '--name', 'host'])
  await program.addDirectoryKey()
  await program.start()
  const organizations = [
    { id: 'hq', name: '集团 Group' },
    { id: 'east', parent_id: 'hq', name: '华东大区 East China' },
    { id: 'shanghai', parent_id: 'east', name: 'Shanghai Studio' },
    { id: 'empty', parent_id: 'hq', name: 'Nobody yet' },
  ]
  await put('organizations', { organizations })
  await record({ organization: { id: 'shanghai', name: 'Shanghai Studio' }, module: 'email', operation: 'send' })
})

test.afterAll(() => program.dispose())

test('an owner adds a tenant and changes it', async ({ page }) => {
  await open(page, 'owner', 'tenants', 'English')
  await page.getByRole('button', { name: 'Add tenant' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('ID', { exact: true })).toBeFocused()
  await dialog.getByLabel('ID', { exact: true }).fill('nova')
  await dialog.getByLabel('Name', { exact: true }).fill('Nova')
  await dialog.getByLabel('Time zone').fill('Mars/Olympus')
  await dialog.getByRole('button', { name: 'Add tenant' }).click()
  await expect(dialog.getByRole('alert')).toContainText('is not a time zone name')
  await dialog.getByLabel('Time zone').fill('Europe/Berlin')
  await dialog.getByRole('button', { name: 'Add tenant' }).click()
  const row = page.getByRole('row', { name: /Nova/ })
  await expect(row).toContainText('Europe/Berlin')
  await expect(row).toContainText('Forever')

  await page.getByRole('button', { name: 'Edit: nova' }).click()
  await dialog.getByLabel('Name', { exact: true }).fill('Nova 商城')
  await dialog.getByLabel('Data permission').check()
  await dialog.getByLabel('Sites that may embed the console').fill('https://shop.example.com\n')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(row).toContainText('https://shop.example.com')
  // The menu of tenants knows it at once.
  await page.getByRole('button', { name: 'Acme', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Nova 商城' }).click()
  await expect(page).toHaveURL(/\/t\/nova\/log/)
})

test('所有者修改租户', async ({ page }) => {
  await open(page, 'owner', 'tenants', '中文')
  await page.getByRole('button', { name: '编辑：acme' }).click()
  await page.getByRole('dialog').getByLabel('名称').fill('Acme 集团')
  await page.getByRole('dialog').getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('row', { name: /Acme 集团/ })).toContainText('永久')
})

test('an admin has no page of all tenants', async ({ page }) => {
  await open(page, 'admin', 'accounts', 'English')
  await expect(page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Tenants' })).toHaveCount(0)
  await page.goto(`${program.url}/t/acme/settings/tenants`)
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible()
})

const catalogs = [
  {
    language: 'English',
    key: 'approve',
    module: 'loyalty',
    title: 'Approve',
    moduleTitle: 'Loyalty',
    operations: /^Operation types/,
    modules: /^Functional modules/,
    builtIn: 'is built in and cannot be changed',
    addOperation: 'Add operation type',
    addModule: 'Add module',
    retire: 'Retire: ',
    reinstate: 'Reinstate: ',
    remove: 'Remove: ',
    removeIt: 'Remove',
    retired: 'Retired',
    stays: 'Approve has been used, so it stays in the catalog as retired.',
  },
  {
    language: '中文',
    key: 'approve_zh',
    module: 'loyalty_zh',
    title: '审批',
    moduleTitle: '会员计划',
    operations: /^操作类型/,
    modules: /^功能模块/,
    builtIn: '是内置的，不能更改',
    addOperation: '添加操作类型',
    addModule: '添加模块',
    retire: '停用：',
    reinstate: '恢复：',
    remove: '移除：',
    removeIt: '移除',
    retired: '已停用',
    stays: '“审批”已使用过，因此保留在目录中并标为已停用。',
  },
] as const

for (const w of catalogs)
  test(`the catalog grows, retires and forgets, ${w.language}`, async ({ page }) => {
    await open(page, 'admin', 'catalog', w.language)
    const dialog = page.getByRole('dialog')
    const row = (key: string) => page.getByRole('row', { name: new RegExp(key) })
    const fill = async (key: string, title: string) => {
      await dialog.getByRole('textbox').nth(0).fill(key)
      await dialog.getByRole('textbox').nth(1).fill(title)
      await dialog.getByRole('textbox').nth(2).fill(title)
    }
    await page.getByRole('radio', { name: w.operations }).click()
    await page.getByRole('button', { name: w.addOperation }).click()
    await fill(w.key, w.title)
    await dialog.getByRole('radio').last().check()
    await dialog.getByRole('button', { name: w.addOperation }).click()
    await expect(row(w.key)).toBeVisible()

    // A key that exists already: the server's message.
    await page.getByRole('button', { name: w.addOperation }).click()
    await fill('delete', w.title)
    await dialog.getByRole('button', { name: w.addOperation }).click()
    await expect(dialog.getByRole('alert')).toContainText(w.builtIn)
    await page.keyboard.press('Escape')

    await page.getByRole('radio', { name: w.modules }).click()
    await page.getByRole('button', { name: w.addModule }).click()
    await fill(w.module, w.moduleTitle)
    await dialog.getByRole('checkbox').first().check()
    await dialog.getByRole('checkbox', { name: w.title, exact: true }).check()
    await dialog.getByRole('button', { name: w.addModule }).click()
    await expect(row(w.module)).toContainText(w.title)
    await record({ module: w.module, operation: w.key })

    // Retired: refused. Reinstated: taken again.
    await page.getByRole('radio', { name: w.operations }).click()
    await page.getByRole('button', { name: w.retire + w.title }).click()
    await expect(row(w.key)).toContainText(w.retired)
    await expect(record({ module: w.module, operation: w.key })).rejects.toThrow(/422/)
    await page.getByRole('button', { name: w.reinstate + w.title }).click()
    await expect(page.getByRole('button', { name: w.retire + w.title })).toBeVisible()
    await record({ module: w.module, operation: w.key })

    // Used: it stays, retired.
    await page.getByRole('button', { name: w.remove + w.title }).click()
    await dialog.getByRole('button', { name: w.removeIt }).click()
    await expect(page.getByText(w.stays)).toBeVisible()
    await expect(row(w.key)).toContainText(w.retired)
    await page.getByRole('radio', { name: w.modules }).click()
    await page.getByRole('button', { name: w.remove + w.moduleTitle }).click()
    await dialog.getByRole('button', { name: w.removeIt }).click()
    await expect(row(w.module)).toContainText(w.retired)
    const catalog = await program.call<Catalog>(writeKey, '/tenants/acme/catalog')
    expect(catalog.operations.find(({ key }) => key === w.key)).toMatchObject({ retired: true })
  })

for (const w of [
  {
    language: 'English',
    change: 'Edit: WeChat Merchant Center Order Management',
    type: 'Import',
    fixed: 'Export',
    save: 'Save',
    marked: 'Import, added by this tenant',
    origin: '1 added',
  },
  {
    language: '中文',
    change: '编辑：微信商户平台订单管理',
    type: '导入',
    fixed: '导出',
    save: '保存',
    marked: '导入，由当前租户添加',
    origin: '已添加 1 种',
  },
] as const)
  test(`what is added to a built-in module is marked, and can be taken away, ${w.language}`, async ({ page }) => {
    await open(page, 'admin', 'catalog', w.language)
    const dialog = page.getByRole('dialog')
    const row = page.getByRole('row', { name: /merchant_order/ })
    const turn = async (checked: boolean) => {
      await page.getByRole('button', { name: w.change }).click()
      await expect(dialog.getByRole('checkbox', { name: w.fixed, exact: true })).toBeDisabled()
      await dialog.getByRole('checkbox', { name: w.type, exact: true }).setChecked(checked)
      await dialog.getByRole('button', { name: w.save }).click()
      await expect(dialog).toBeHidden()
    }
    await turn(true)
    await expect(row.getByTitle(w.marked)).toHaveText(w.type)
    await expect(row).toContainText(w.origin)
    await turn(false)
    await expect(row.getByTitle(w.marked)).toHaveCount(0)
    await expect(row).not.toContainText(w.origin)
  })

const trees = [
  {
    language: 'English',
    id: 'north',
    name: 'North',
    renamed: 'North Studio',
    add: 'Add organization',
    addBelow: 'Add below',
    rename: 'Rename',
    save: 'Save',
    move: 'Move',
    archive: 'Archive',
    restore: 'Restore',
    archived: 'Archived',
    fields: ['ID', 'Name'],
  },
  {
    language: '中文',
    id: 'south',
    name: '华南',
    renamed: '华南大区',
    add: '添加组织',
    addBelow: '添加下级',
    rename: '重命名',
    save: '保存',
    move: '移动',
    archive: '归档',
    restore: '恢复',
    archived: '已归档',
    fields: ['ID', '名称'],
  },
] as const

for (const w of trees)
  test(`the tree is changed, ${w.language}`, async ({ page }) => {
    await open(page, 'admin', 'organizations', w.language)
    const dialog = page.getByRole('dialog')
    const tree = page.getByRole('tree').first()
    const node = (name: string) => tree.getByRole('treeitem', { name: new RegExp(name) })
    await expect(node('集团 Group')).toContainText(/\d/)
    await node('华东大区 East China').click()
    await page.getByRole('button', { name: w.addBelow }).click()
    await dialog.getByLabel(w.fields[0], { exact: true }).fill(w.id)
    await dialog.getByLabel(w.fields[1], { exact: true }).fill(w.name)
    await dialog.getByRole('button', { name: w.add }).click()
    await expect(node(w.name)).toHaveAttribute('aria-level', '3')
    await record({ organization: { id: w.id, name: w.name }, module: 'email', operation: 'send' })

    await node(w.name).click()
    await page.getByRole('button', { name: w.rename }).click()
    await dialog.getByRole('textbox').fill(w.renamed)
    await dialog.getByRole('button', { name: w.save }).click()
    await expect(node(w.renamed)).toBeVisible()

    await page.getByRole('button', { name: w.move }).click()
    await dialog.getByRole('button', { name: '华东大区 East China' }).click()
    await dialog.getByRole('treeitem', { name: '集团 Group' }).click()
    await dialog.getByRole('button', { name: w.move }).click()
    await expect(node(w.renamed)).toHaveAttribute('aria-level', '2')

    await page.getByRole('button', { name: w.archive }).click()
    await dialog.getByRole('button', { name: w.archive }).click()
    await expect(node(w.renamed)).toContainText(w.archived) // it has an entry, so it stays
    await page.getByRole('button', { name: w.restore }).click()
    await dialog.getByRole('button', { name: w.restore }).click()
    await expect(node(w.renamed)).not.toContainText(w.archived)

    // What has no entry goes.
    if (w.language === 'English') {
      await node('Nobody yet').click()
      await page.getByRole('button', { name: w.archive }).click()
      await dialog.getByRole('button', { name: w.archive }).click()
      await expect(node('Nobody yet')).toHaveCount(0)
    }
    const list = (await (
      await page.request.get(`${program.url}/api/v1/tenants/acme/organizations`)
    ).json()) as Organization[]
    expect(list.find(({ id }) => id === w.id)).toEqual({ id: w.id, name: w.renamed, parent_id: 'hq' })
  })

test('data permission is switched by an owner alone', async ({ page, browser }) => {
  const admin = await browser.newPage()
  await open(admin, 'admin', 'organizations', 'English')
  await expect(admin.getByText('Only owners can change this.')).toBeVisible()
  await expect(admin.getByRole('button', { name: 'Turn off' })).toHaveCount(0)
  await admin.close()

  await open(page, 'owner', 'organizations', 'English')
  await page.getByRole('button', { name: 'Turn off' }).click()
  const dialog = page.getByRole('dialog', { name: 'Turn off data permission' })
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await dialog.getByRole('button', { name: 'Turn off' }).click()
  await expect(page.getByText('Off: there is no tree')).toBeVisible()
  await expect(page.getByRole('tree')).toHaveCount(0)
  await page.getByText('中文', { exact: true }).click()
  await page.getByRole('button', { name: '开启' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '开启' }).click()
  await expect(page.getByRole('tree')).toBeVisible()
})

async function open(page: Page, username: string, section: string, language: string) {
  await page.goto(`${program.url}/t/acme/settings/${section}`)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, username, password)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}

async function record(entry: object) {
  const user = { id: 'u_1', name: 'Ada' }
  await program.call(writeKey, '/tenants/acme/entries', { method: 'POST', body: JSON.stringify({ user, ...entry }) })
}

async function put(what: string, body: object) {
  await program.call(program.directoryKey, `/tenants/acme/${what}`, { method: 'PUT', body: JSON.stringify(body) })
}
