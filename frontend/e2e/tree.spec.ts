import { expect, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// The organizations of a large company: two thousand, of which those in view are drawn.

const program = new Program()
const password = 'correct horse battery'
const regions = 20
const branches = 99

test.beforeAll(async () => {
  const key = await program.startWithTenant(password)
  const tree = [{ id: 'root', name: 'Acme 集团' }] as { id: string; name: string; parent_id?: string }[]
  for (let r = 0; r < regions; r++) {
    tree.push({ id: `r${r}`, name: `Region ${r}`, parent_id: 'root' })
    for (let b = 0; b < branches; b++) tree.push({ id: `r${r}b${b}`, name: `分公司 ${r}-${b}`, parent_id: `r${r}` })
  }
  const put = (organizations: typeof tree) =>
    program.call(program.directoryKey, '/tenants/acme/organizations', {
      method: 'PUT',
      body: JSON.stringify(organizations),
    })
  await put([...tree, { id: 'closed', name: 'Closed', parent_id: 'root' }])
  const of = (organization: { id: string; name: string }, n: number) =>
    Array.from({ length: n }, () => ({
      user: { id: 'u', name: 'Ada' },
      module: 'email',
      operation: 'send',
      organization: { id: organization.id, name: organization.name },
    }))
  const entries = [
    ...of({ id: 'r0b7', name: 'x' }, 3),
    ...of({ id: 'r19b98', name: 'x' }, 2),
    ...of({ id: 'closed', name: 'Closed' }, 1),
    { user: { id: 'u', name: 'Ada' }, module: 'email', operation: 'send' },
  ]
  await program.call(key, '/tenants/acme/entries', { method: 'POST', body: JSON.stringify({ entries }) })
  await put(tree) // what has entries stays, archived
})

test.afterAll(() => program.dispose())

for (const messages of [
  {
    language: 'English',
    tree: 'Organizations',
    find: 'Find organization',
    archived: 'Archived',
    width: 'Width of the organization panel',
    total: (n: number) => `${n} operation`,
    outside: '1 operation has no organization.',
    show: 'Show organizations',
  },
  {
    language: '中文',
    tree: '组织',
    find: '查找组织',
    archived: '已归档',
    width: '组织面板的宽度',
    total: (n: number) => `共 ${n} 条操作`,
    outside: '另有 1 条操作未注明组织。',
    show: '显示组织',
  },
] as const)
  test(`two thousand organizations: ${messages.language}`, async ({ page }) => {
    await page.goto(`${program.url}/t/acme/log`)
    await page.getByText(messages.language, { exact: true }).click()
    await signIn(page, 'admin', password)
    const tree = page.getByRole('tree', { name: messages.tree })
    const items = tree.getByRole('treeitem')
    const total = page.getByRole('status').filter({ hasText: messages.total(7) })
    await expect(total).toBeVisible()

    // Counts, with all below; archived ones last and tagged. What the tree does not count is said below it.
    await expect(tree.getByRole('treeitem', { name: 'Acme 集团' })).toContainText('6')
    await expect(page.getByText(messages.outside)).toBeVisible()
    await expect(tree.getByRole('treeitem', { name: 'Region 0', exact: false }).first()).toContainText('3')
    await items.first().focus()
    await page.keyboard.press('End')
    const last = items.filter({ hasText: messages.archived })
    await expect(last).toBeFocused()
    await expect(last).toHaveText(`Closed${messages.archived}1`)
    await expect(last).toHaveAttribute('aria-posinset', '21')
    await expect(last).toHaveAttribute('aria-setsize', '21')

    // A region opened by key: no more is drawn than is in view, and the keys lead past it.
    for (const key of ['Home', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key)
    await expect(items.nth(1)).toHaveAttribute('aria-expanded', 'true')
    await page.keyboard.press('ArrowDown')
    await expect(tree.getByRole('treeitem', { name: '分公司 0-0' })).toBeFocused()
    await page.keyboard.press('End')
    await expect(last).toBeFocused()
    expect(await items.count()).toBeLessThan(80)

    // Search draws two thousand matches as quickly, and finds one.
    const find = page.getByRole('textbox', { name: messages.find })
    await find.fill('分公司')
    await expect(items.first()).toBeVisible()
    expect(await items.count()).toBeLessThan(80)
    await find.fill('19-98')
    await expect(items).toHaveCount(3)
    await find.press('ArrowDown')
    await expect(items.first()).toBeFocused()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('status').filter({ hasText: messages.total(2) })).toBeVisible()
    await find.fill('')
    await expect(tree.getByRole('treeitem', { selected: true })).toHaveCount(1)
    await page.reload()
    await expect(tree.getByRole('treeitem', { selected: true })).toBeInViewport() // scrolled to

    // As wide as one likes, and away; both are kept.
    const width = async () => Math.round((await page.locator('.tree').boundingBox())?.width ?? 0)
    await page.getByRole('separator', { name: messages.width }).focus()
    await page.keyboard.press('End')
    await expect.poll(width).toBe(400)
    await page.keyboard.press('ArrowLeft')
    await expect.poll(width).toBe(392)
    await page.reload()
    await expect.poll(width).toBe(392)
    await page.keyboard.press('[')
    await expect(tree).toBeHidden()
    await page.reload()
    await page.getByRole('button', { name: messages.show }).click()
    await expect(tree).toBeVisible()
  })
