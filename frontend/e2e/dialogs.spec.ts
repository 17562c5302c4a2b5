import { expect, type Page, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// Nothing in a dialog is wider than the dialog, whatever names it repeats, on a desk and on a phone.

const program = new Program()
const password = 'correct horse battery'
const long = 'W'.repeat(64)
const longName = `${'Lange-Bezeichnung_'.repeat(6)}末尾`

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--data-permission'])
  const add = (name: string, ...rest: string[]) =>
    program.run(['account', 'add', name, '--password-stdin', ...rest], `${password}\n`)
  await add('owner', '--role', 'owner')
  await add(long, '--role', 'auditor', '--tenant', 'acme')
  const keyOf = (scope: string, name: string) =>
    program.run(['key', 'add', '--tenant', 'acme', '--scope', scope, '--name', name])
  const [key, read] = [await keyOf('write', 'host'), await keyOf('read', longName)]
  await program.addDirectoryKey()
  await program.start()
  const organizations = [{ id: long, name: long.repeat(4) }]
  await program.call(program.directoryKey, '/tenants/acme/organizations', {
    method: 'PUT',
    body: JSON.stringify(organizations),
  })
  const entries = [
    {
      user: { id: long, name: long, role: long },
      module: 'merchant_commodity',
      operation: 'edit',
      organization: { id: long },
      content: { id: long, name: long.repeat(8) },
    },
  ]
  await program.call(key, '/tenants/acme/entries', { method: 'POST', body: JSON.stringify({ entries }) })
  const filters = { user: [long], organization: [long], content_id: [long], q: long }
  await program.call(read, '/tenants/acme/exports', {
    method: 'POST',
    body: JSON.stringify({ range: 'last_90_days', format: 'csv', filters }),
  })
})

test.afterAll(() => program.dispose())

/** What reaches out of the dialog, or makes it scroll sideways. */
function out(page: Page): Promise<string[]> {
  return page.locator('dialog[open]').evaluate((dialog) => {
    const { left, right } = dialog.getBoundingClientRect()
    const wide =
      dialog.scrollWidth > dialog.clientWidth ? [`scrolls ${dialog.scrollWidth} > ${dialog.clientWidth}`] : []
    for (const one of dialog.querySelectorAll('*')) {
      const box = one.getBoundingClientRect()
      const clipped = one.closest('.sr, pre, .cut, [role=tree], .chips')
      if (box.width > 0 && !clipped && (box.left < left - 0.5 || box.right > right + 0.5))
        wide.push(`${one.tagName}.${one.className}: ${box.left}-${box.right} in ${left}-${right}`)
    }
    if (right > window.innerWidth + 0.5) wide.push('wider than the window')
    return wide
  })
}

const pages: [path: string, openers: string[]][] = [
  ['exports', ['Delete']],
  ['settings/accounts', ['Add account', `Edit: ${long}`, `Disable: ${long}`]],
  ['settings/keys', [`Revoke: ${longName}`]],
  ['settings/catalog', ['Add module']],
  ['settings/organizations', ['Move', 'Archive']],
  ['settings/tenants', ['Edit: acme']],
  ['log?range=last_90_days', ['Export']],
]

for (const width of [1366, 390])
  test(`nothing is wider than its dialog at ${width}`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 })
    await page.goto(`${program.url}/t/acme/exports`)
    await page.getByText('English', { exact: true }).click()
    await signIn(page, 'owner', password)
    let opened = 0
    for (const [path, openers] of pages) {
      await page.goto(`${program.url}/t/acme/${path}`)
      if (path.endsWith('organizations')) await page.getByRole('treeitem').first().click()
      for (const name of openers) {
        const opener = page.getByRole('main').or(page.getByRole('banner')).getByRole('button', { name, exact: true })
        await opener.first().click()
        await expect(page.locator('dialog[open] h2')).toBeVisible()
        const choice = page.locator('dialog[open] .form-opener')
        if ((await choice.count()) > 0) {
          await choice.click()
          await expect(page.locator('dialog[open] .form-tree')).toBeVisible()
        }
        expect(await out(page), `${path}: ${name}`).toEqual([])
        await page.locator('dialog[open] header button').click()
        await expect(page.locator('dialog[open]')).toHaveCount(0)
        opened++
      }
    }
    expect(opened).toBe(10)

    await page.goto(`${program.url}/t/acme/settings/access`)
    await page.getByRole('row').nth(1).click()
    await expect(page.locator('dialog[open] h2')).toBeVisible()
    expect(await out(page), 'access log').toEqual([])
  })
