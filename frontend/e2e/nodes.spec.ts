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
test.setTimeout(240_000)

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
  await allVote(first)
})

/** Until all nodes vote and have everything, the log does not go on without one of them, and none of them can take the lead. */
const allVote = (at: Program) =>
  expect
    .poll(
      async () => {
        const status = JSON.parse(await at.run(['cluster', 'status', '--json']))
        const ready = (one: { voter: boolean; reachable: boolean; lag_entries: number }) =>
          one.voter && one.reachable && one.lag_entries === 0
        return status.quorum && status.nodes.filter(ready).length
      },
      { timeout: 60_000 },
    )
    .toBe(nodes.length)

test.afterAll(() => Promise.all(nodes.map((node) => node.dispose())))

/** Records, again while the nodes have no leader: an election may be under way. */
const recorded = (node: Program, name: string) =>
  expect.poll(() => record(node, name).then(() => 'recorded', String), { timeout: 60_000 }).toBe('recorded')

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

/** The time that the banner says, which may change: a node that led finds out later since when it does not. */
const until = async (page: Page) =>
  /as of .*?(\d\d:\d\d:\d\d)/.exec((await page.locator('.read-only').textContent()) ?? '')?.[1] ?? 'none'

/** What was read matches with the time that the banner says by now. */
const agrees = (page: Page, read: () => Promise<string | null>, pattern: (time: string) => RegExp) =>
  expect
    .poll(
      async () => {
        const [time, text] = [await until(page), await read()]
        return pattern(time).test(text ?? '') || `${time}: ${text}`
      },
      { timeout: 20_000 },
    )
    .toBe(true)

/** The line over the rows and the histogram end at the banner's time, and live is off and says why. */
async function endsWithTheData(page: Page) {
  const line = page.locator('.summary-line').getByRole('status').first()
  await agrees(
    page,
    () => line.textContent(),
    (time) => new RegExp(` to .*${time}`),
  )
  const histogram = page.locator('figure.histogram')
  await agrees(
    page,
    () => histogram.getAttribute('aria-label'),
    (time) => new RegExp(` to .*${time}`),
  )
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
  await expect(leader).toHaveCount(1)
  const text = await leader.innerText()
  const led = addresses.find((address) => text.includes(address)) ?? 'none' // another one may have been elected since
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
  await expect(leader).not.toContainText(led, { timeout: 30_000 })
  await expect(leader).toHaveCount(1)
})

test('what one node recorded is in the list of another', async ({ page }) => {
  await recorded(nodes[2], 'From the third')
  await signIn(page, nodes[1])
  await expect(page.getByText('From the third').first()).toBeVisible()
})

test('without a quorum a banner says how old the data is, until it is back', async ({ page }) => {
  await allVote(nodes[0])
  await recorded(nodes[0], 'Before')
  await signIn(page, nodes[1])
  await expect(page.getByText('Before').first()).toBeVisible()
  await nodes[0].stop()
  await nodes[2].stop()
  const banner = page.getByRole('alert').filter({ hasText: 'Two of three nodes are unreachable' })
  await expect(banner).toContainText(/You see this node's data as of .*\d\d:\d\d:\d\d/, { timeout: 30_000 })
  await endsWithTheData(page)
  await expectAccessible(page, 'without a quorum')
  await page.reload()
  await expect(page.getByText('Before').first()).toBeVisible()
  await expect(record(nodes[1], 'Meanwhile')).rejects.toThrow(/503.*Start the nodes/)

  await expect(banner).toBeVisible()
  await endsWithTheData(page)
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const read = () => dialog.textContent()
  await agrees(page, read, (time) => new RegExp(`This node's data ends at .*${time}\\.`))
  await agrees(page, read, (time) => new RegExp(` to .*${time}, Asia/Shanghai`))
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
  await expect(banner).toBeHidden({ timeout: 60_000 })
  await recorded(nodes[1], 'After')
  await page.goto(`${nodes[1].url}/t/acme/log?range=last_7_days`)
  await expect(page.locator('.summary-line').getByRole('status').first()).toContainText('to now')
  await expect(page.getByRole('switch', { name: 'Live' })).toBeChecked()
})
