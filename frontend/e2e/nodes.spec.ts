import { expect, type Page, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { Program } from './program'

// A log on three nodes: the System page shows them, any node takes any request, and without a quorum the console says how old it is.

const password = 'correct horse battery'
const nodes = [new Program(), new Program(), new Program()] as const
const port = 30_000 + Math.floor(Math.random() * 2000)
const addresses = nodes.map((_, i) => `127.0.0.1:${port + i}`) as [string, string, string]
let key = ''

test.describe.configure({ mode: 'serial' })
test.setTimeout(120_000)

test.beforeAll(async () => {
  const [first, ...others] = nodes
  await first.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai'])
  await first.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], `${password}\n`)
  key = await first.run(['key', 'add', '--tenant', 'acme', '--scope', 'write', '--name', 'test'])
  await first.run(['cluster', 'init', '--address', addresses[0]])
  await first.start()
  for (const [i, node] of others.entries()) {
    const token = await first.run(['cluster', 'token'])
    await node.run(['cluster', 'join', token, '--address', addresses[i + 1] as string])
    await node.start()
  }
})

test.afterAll(() => Promise.all(nodes.map((node) => node.dispose())))

const record = (node: Program, name: string) =>
  node.call(key, '/tenants/acme/entries', {
    method: 'POST',
    body: JSON.stringify({
      user: { id: 'u1', name: 'Emma' },
      module: 'sms',
      operation: 'send',
      content: { id: name, name },
    }),
  })

async function signIn(page: Page, node: Program) {
  await page.goto(`${node.url}/sign-in`)
  await page.getByRole('textbox', { name: 'Username' }).fill('owner')
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('searchbox').first()).toBeVisible()
}

/** The line over the rows ends at that time, and live is off and says why. */
async function endsAt(page: Page, until: string) {
  await expect(page.locator('.summary-line').getByRole('status').first()).toContainText(`${until}`)
  const live = page.getByRole('switch', { name: 'Live' })
  await expect(live).toBeDisabled()
  await expect(live).not.toBeChecked()
  await expect(page.getByText('Live is off: too few nodes reach each other')).toBeVisible()
}

/** The log without a quorum on a phone and in the dark: nothing is wider than the window. */
async function everywhere(page: Page) {
  await picture(page, 'wide')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await expectAccessible(page, 'without a quorum, dark, on a phone')
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await picture(page, 'phone')
  await page.setViewportSize({ width: 1366, height: 900 })
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Kept where PICTURES says, to look at. */
async function picture(page: Page, name: string) {
  const to = process.env.PICTURES
  if (to) await page.screenshot({ path: `${to}/${name}.png` })
}

test('the System page of a follower shows all nodes, and lets another one lead', async ({ page }) => {
  await signIn(page, nodes[1])
  await page.goto(`${nodes[1].url}/t/acme/settings/system`)
  const table = page.getByRole('table', { name: 'Nodes' })
  await expect(table.getByRole('row')).toHaveCount(4)
  const leader = table.getByRole('row').filter({ hasText: 'Leader' })
  await expect(leader).toContainText(addresses[0])
  await expect(table.getByRole('row').filter({ hasText: 'this node' })).toContainText(addresses[1])
  await expect(table.getByText('Follower')).toHaveCount(2)
  await expect(page.getByText('The log keeps running with any two of the three.')).toBeVisible()
  await expectAccessible(page, 'nodes')
  await page.setViewportSize({ width: 390, height: 844 })
  await expect(table.getByRole('button', { name: /^Remove/ }).first()).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await page.emulateMedia({ colorScheme: 'dark' })
  await expectAccessible(page, 'nodes, dark, on a phone')
  await page.setViewportSize({ width: 1366, height: 900 })
  await leader.getByRole('button', { name: /^Transfer/ }).click()
  await expect(leader).not.toContainText(addresses[0], { timeout: 15_000 })
})

test('what one node recorded is in the list of another', async ({ page }) => {
  await record(nodes[2], 'From the third')
  await signIn(page, nodes[1])
  await expect(page.getByText('From the third').first()).toBeVisible()
})

test('without a quorum a banner says how old the data is, until it is back', async ({ page }) => {
  await record(nodes[0], 'Before')
  await signIn(page, nodes[1])
  await expect(page.getByText('Before').first()).toBeVisible()
  await nodes[0].stop()
  await nodes[2].stop()
  const banner = page.getByRole('alert').filter({ hasText: 'Two of three nodes are unreachable' })
  await expect(banner).toContainText(/You see this node's data as of .*\d\d:\d\d:\d\d/, { timeout: 30_000 })
  const end = async () => (await banner.textContent())?.match(/[\d:]+$/)?.[0] ?? 'none'
  await endsAt(page, await end())
  await expectAccessible(page, 'without a quorum')
  await page.reload()
  await expect(page.getByText('Before').first()).toBeVisible()
  await expect(record(nodes[1], 'Meanwhile')).rejects.toThrow(/503.*Start the nodes/)

  await expect(banner).toBeVisible()
  const until = await end() // a node that led may have found out since when it does not
  await endsAt(page, until)
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText(new RegExp(`This node's data ends at .*${until}\\.`))
  await expect(dialog).toContainText(new RegExp(` to .*${until}, Asia/Shanghai`))
  await expect(dialog.getByRole('button', { name: /^Export/ })).toBeDisabled()
  await expectAccessible(page, 'an export without a quorum')
  await picture(page, 'export')
  await page.keyboard.press('Escape')
  await everywhere(page)

  await page.locator('.read-only').getByRole('link', { name: 'What to do' }).click()
  await expect(page.getByText('Too few nodes reach each other')).toBeVisible()
  await page.getByRole('button', { name: 'Add a node' }).click()
  await expect(page.getByRole('dialog')).toContainText('Start the nodes that are down', { timeout: 15_000 })
  await page.keyboard.press('Escape')

  await nodes[0].start()
  await expect(banner).toBeHidden({ timeout: 30_000 })
  await expect
    .poll(() => record(nodes[1], 'After').then(() => 'recorded', String), { timeout: 30_000 })
    .toBe('recorded')
  await page.goto(`${nodes[1].url}/t/acme/log?range=last_7_days`)
  await expect(page.locator('.summary-line').getByRole('status').first()).toContainText('to now')
  await expect(page.getByRole('switch', { name: 'Live' })).toBeChecked()
})
