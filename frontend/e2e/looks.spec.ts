import { expect, type Locator, type Page, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// What has to look as it is: what destroys is red, boxes stand in the middle of their panels, pages on one grid.

const program = new Program()
const password = 'correct horse battery'

test.beforeAll(async () => {
  const key = await program.startWithTenant(password)
  await program.stop()
  for (const [name, ...rest] of [
    ['owner', '--role', 'owner'],
    ['auditor', '--role', 'auditor', '--tenant', 'acme'],
  ] as const)
    await program.run(['account', 'add', name, '--password-stdin', ...rest], `${password}\n`)
  const read = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'read', '--name', 'report'])
  await program.start()
  await send(program.directoryKey, 'organizations', [{ id: 'hq', name: 'Headquarters' }], 'PUT')
  const entries = ['wechat_page', 'email', 'sms'].map((module, i) => ({
    user: { id: `u${i}`, name: `Ada ${i}`, role: `Role ${i}` },
    organization: { id: 'hq' },
    module,
    operation: i ? 'edit' : 'delete',
  }))
  await send(key, 'entries', { entries })
  await send(read, 'exports', { range: 'last_90_days', format: 'csv', filters: {} })
})

test.afterAll(() => program.dispose())

function send(key: string, path: string, body: object, method = 'POST') {
  return program.call(key, `/tenants/acme/${path}`, { method, body: JSON.stringify(body) })
}

async function open(page: Page, username: string, path: string, language: string) {
  await page.goto(`${program.url}/t/acme/${path}`)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, username, password)
}

/** The theme's colours of what destroys, and of other links, where an element stands. */
function colours(one: Locator): Promise<{ danger: string; plain: string }> {
  return one.evaluate((element) => {
    const probe = element.parentElement?.appendChild(document.createElement('i')) as HTMLElement
    const token = (name: string) => {
      probe.style.color = `var(${name})`
      return getComputedStyle(probe).color
    }
    const found = { danger: token('--del'), plain: token('--accent') }
    probe.remove()
    return found
  })
}

for (const w of [
  {
    language: 'English',
    delete: 'Delete',
    disable: 'Disable: auditor',
    revoke: 'Revoke: report',
    edit: 'Edit: auditor',
  },
  { language: '中文', delete: '删除', disable: '停用：auditor', revoke: '吊销：report', edit: '编辑：auditor' },
])
  test(`Delete, Disable and Revoke look dangerous, in light and dark: ${w.language}`, async ({ page }) => {
    await open(page, 'admin', 'exports', w.language)
    const seen = new Set<string>()
    for (const [path, name] of [
      ['exports', w.delete],
      ['settings/accounts', w.disable],
      ['settings/keys', w.revoke],
    ] as const) {
      await page.goto(`${program.url}/t/acme/${path}`)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        const opener = page.getByRole('main').getByRole('button', { name, exact: true })
        const { danger, plain } = await colours(opener)
        expect(danger).not.toBe(plain)
        seen.add(danger)
        await expect(opener, colorScheme).toHaveCSS('color', danger)
        // What then does it, too.
        await opener.click()
        const confirm = page.getByRole('dialog').locator('[type=submit]')
        await expect(confirm, colorScheme).toHaveCSS('background-color', danger)
        await expect(confirm).not.toHaveCSS('color', danger)
        await page.keyboard.press('Escape')
        await expect(page.getByRole('dialog')).toHaveCount(0)
      }
    }
    expect(seen.size).toBe(2)
    // What can be undone does not.
    await page.goto(`${program.url}/t/acme/settings/accounts`)
    const edit = page.getByRole('button', { name: w.edit, exact: true })
    await expect(edit).toHaveCSS('color', (await colours(edit)).plain)
  })

for (const w of [
  { language: 'English', panels: ['Operation type', 'Functional module', 'User'], more: /^More/, role: 'Role' },
  { language: '中文', panels: ['操作类型', '功能模块', '用户'], more: /^更多/, role: '角色' },
])
  test(`the find box stands in the middle of its panel: ${w.language}`, async ({ page }) => {
    await open(page, 'admin', 'log?range=last_90_days', w.language)
    await expect(page.locator('.log-row').first()).toBeVisible()
    const dialog = page.getByRole('dialog')
    const isCentred = async (what: string, room: { x: number; above: number }) => {
      const field = dialog.locator('.choices-find .field')
      const around = { left: room.x, right: room.x, above: room.above, below: 8 }
      await expect(field).toBeVisible()
      await expect.poll(() => sides(field), what).toEqual(around)
      // With something chosen, the way to clear it is beside the box.
      const clear = dialog.locator('.choices-find .text-button')
      await dialog.getByRole('checkbox').first().check()
      await expect(clear).toBeVisible()
      await expect.poll(() => sides(dialog.locator('.choices-find > *')), what).toEqual(around)
      await clear.click()
    }
    for (const name of w.panels) {
      await page.getByRole('button', { name }).first().click()
      await isCentred(name, { x: 8, above: 8 })
      await page.keyboard.press('Escape')
      await expect(dialog).toHaveCount(0)
    }
    await page.getByRole('button', { name: w.more }).click()
    await dialog.getByRole('heading', { name: w.role, exact: true }).click()
    await isCentred(w.role, { x: 0, above: 0 }) // below its title, in a panel with its own margins
  })

/** The room around elements in the line of their panel, in pixels. */
function sides(all: Locator): Promise<Record<'left' | 'right' | 'above' | 'below', number>> {
  return all.evaluateAll((elements) => {
    const line = elements[0]?.parentElement?.getBoundingClientRect() ?? new DOMRect()
    const boxes = elements.map((one) => one.getBoundingClientRect()).filter(({ width }) => width > 0)
    const round = Math.round
    return {
      left: round(Math.min(...boxes.map(({ left }) => left)) - line.left),
      right: round(line.right - Math.max(...boxes.map(({ right }) => right))),
      above: round(Math.min(...boxes.map(({ top }) => top)) - line.top),
      below: round(line.bottom - 1 - Math.max(...boxes.map(({ bottom }) => bottom))), // less its border
    }
  })
}

for (const [username, paths] of [
  ['owner', ['tenants', 'system', 'accounts', 'account']],
  ['auditor', ['checkpoint', 'account']],
] as const)
  test(`the settings of an ${username} stand on one grid on a wide screen`, async ({ page }) => {
    await page.setViewportSize({ width: 1920, height: 1080 })
    await open(page, username, `settings/${paths[0]}`, 'English')
    const grids = new Map<string, string>()
    for (const path of paths) {
      await page.goto(`${program.url}/t/acme/settings/${path}`)
      const parts = page.locator('.page-body > :not(.print-head)')
      await expect(parts.nth(1)).toBeVisible()
      const edges = await parts.evaluateAll((all) => {
        const boxes = all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect())
        return `${Math.min(...boxes.map(({ left }) => left))} to ${Math.max(...boxes.map(({ right }) => right))}`
      })
      grids.set(path, edges)
    }
    const left = username === 'owner' ? 248 : 16 // where a menu is, beside it
    expect([...grids]).toEqual(paths.map((path) => [path, `${left} to 1904`]))
  })
