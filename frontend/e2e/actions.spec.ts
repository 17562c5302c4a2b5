import { type APIRequestContext, expect, type Page, type Request, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// One act of a person is one entry of the access log, whatever the page reads for it, through the real program.

const program = new Program()
const password = 'correct horse battery'
let key = ''
let sent = 0

test.beforeAll(async () => {
  await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], `${password}\n`)
  key = await program.startWithTenant(password)
  const organizations = [{ id: 'hq', name: 'Headquarters' }]
  await program.call(program.directoryKey, '/tenants/acme/organizations', {
    method: 'PUT',
    body: JSON.stringify({ organizations }),
  })
  for (const name of ['Order 1', 'Gift card', 'Order 2']) await record(name)
})

/** Records what Emma did to one of two contents. */
async function record(name: string) {
  const entry = {
    id: `e${sent}`,
    user: { id: 'emma', name: 'Emma' },
    organization: { id: 'hq', name: 'Headquarters' },
    module: 'email',
    operation: 'send',
    content: { id: `c${sent++ % 2}`, name },
    time: new Date().toISOString(),
  }
  await program.call(key, '/tenants/acme/entries', { method: 'POST', body: JSON.stringify({ entries: [entry] }) })
}

test.afterAll(() => program.dispose())

interface Told {
  entries: { module: string; operation: string; content?: { id?: string }; details?: unknown }[]
}

/** What the admin has done, as the access log tells an owner, the oldest first. */
async function told(owner: APIRequestContext): Promise<string[]> {
  const response = await owner.get(`${program.url}/api/v1/tenants/acme/access?user=admin&limit=200`)
  const { entries } = (await response.json()) as Told
  const lines = entries.map(({ module, operation, content, details }) => {
    const name = `${module}.${operation}`
    if (module === 'export' || module === 'view') return name // the rest is another each time
    return [name, content?.id && module === 'log' ? content.id : '', details ? JSON.stringify(details) : '']
      .filter(Boolean)
      .join(' ')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
  })
  return lines.reverse()
}

/** How many calls of the page have no answer yet; its stream has none. */
function watch(page: Page) {
  const open = new Set<Request>()
  page.on('request', (request) => {
    if (request.url().includes('/api/v1/') && !/\/live\?|\/bundle/.test(request.url())) open.add(request)
  })
  const end = (request: Request) => open.delete(request)
  page.on('requestfinished', end)
  page.on('requestfailed', end)
  return () => open.size
}

/** Tells what was done since this began, line by line, and holds the access log against it. */
async function witness(page: Page, playwright: { request: { newContext(): Promise<APIRequestContext> } }) {
  const owner = await playwright.request.newContext()
  await owner.post(`${program.url}/api/v1/session`, { data: { username: 'owner', password } })
  const unanswered = watch(page)
  const wanted = await told(owner)
  return async (...acts: string[]) => {
    wanted.push(...acts)
    await expect.poll(unanswered).toBe(0)
    expect(await told(owner)).toEqual(wanted)
  }
}

test('each action is recorded once', async ({ page, playwright }) => {
  const did = await witness(page, playwright)
  const rows = page.getByRole('row')
  const drawer = page.getByRole('complementary', { name: 'Entry' })
  const total = page.locator('.summary-line').getByRole('status').first()
  const week = '"range":["last_7_days"]'

  // The page of the log: rows, counts, panels and the stream.
  await page.goto(`${program.url}/t/acme/log?range=last_7_days`)
  await page.getByText('English', { exact: true }).click()
  await signIn(page, 'admin', password)
  await expect(rows).toHaveCount(4)
  await expect(page.getByRole('switch', { name: 'Live' })).toBeChecked()
  await did('session.sign_in', `log.search {"filters":{${week}}}`)

  // An entry with its history and what else its user did; then the next one.
  await rows.nth(1).click()
  await expect(drawer.getByText('operations by Emma')).toBeVisible()
  await expect(drawer.getByRole('heading', { name: 'History of this content (2)' })).toBeVisible()
  await did('log.open e2 {"seq":3}')
  await rows.nth(2).click()
  await expect(drawer.getByRole('heading', { name: 'History of this content (1)' })).toBeVisible()
  await did('log.open e1 {"seq":2}')
  await page.keyboard.press('Escape')

  // New entries are shown when asked for.
  await record('Order 3')
  await page.getByRole('button', { name: 'New entries: 1 Show' }).click()
  await expect(rows).toHaveCount(5)
  await did(`log.search {"filters":{${week}}}`)

  // A search, a filter panel and the export dialog with their counts.
  await page.getByRole('searchbox').fill('order')
  await expect(total).toHaveText(/^3 operations/)
  await page.getByRole('button', { name: /^User/ }).first().click()
  await expect(page.getByRole('checkbox', { name: 'Emma' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page
    .getByRole('button', { name: /^Export/ })
    .first()
    .click()
  await expect(page.getByRole('dialog').getByText('4 rows')).toBeVisible()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await did(`log.search {"filters":{"q":["order"],${week}}}`)

  // No row: what each way out would give, a longer period, too.
  await page.getByRole('searchbox').fill('nobody wrote this')
  await expect(page.getByText('The search covered all operations')).toBeVisible()
  await expect(page.getByText(/in the last 30 days/)).toBeVisible()
  await did(`log.search {"filters":{"q":["nobody wrote this"],${week}}}`)

  // An entry by its address, with the list behind it.
  await page.goto(`${program.url}/t/acme/log/e0?range=last_30_days`)
  await expect(drawer.getByText('operations by Emma')).toBeVisible()
  const behind = '{"filters":{"range":["last_30_days"]},"operation":"search"}'
  await did(`log.open e0 {"also":[${behind}],"seq":1}`)

  // The pages of organizations and of the access log itself.
  await page.goto(`${program.url}/t/acme/settings/organizations`)
  await page.getByRole('treeitem', { name: /Headquarters/ }).click()
  await expect(page.getByRole('region', { name: 'Headquarters' })).toContainText('4')
  await did()
  await page.goto(`${program.url}/t/acme/settings/access?operation=log.open`)
  await expect(rows).toHaveCount(4)
  await did('access.search {"filters":{"operation":["log.open"]}}')
  await rows.nth(1).click()
  await expect(page.getByRole('dialog')).toContainText('Also: Searched the log (Period: last 30 days)')
  await did('access.open')
})

test('all that a person does is told, and nothing else', async ({ page, playwright }) => {
  await page.addInitScript(() => {
    window.print = () => {}
  })
  const did = await witness(page, playwright)
  const rows = page.getByRole('row')
  const drawer = page.getByRole('complementary', { name: 'Entry' })
  const search = page.getByRole('searchbox')
  const week = '"range":["last_7_days"]'
  const everything = `log.search {"filters":{${week}}}`
  const month = 'log.search {"filters":{"range":["last_30_days"]}}'
  await page.goto(`${program.url}/t/acme/log?range=last_7_days`)
  await page.getByText('English', { exact: true }).click()
  await signIn(page, 'admin', password)
  await expect(rows).toHaveCount(5)
  await did('session.sign_in', everything)

  // Typing is one act, whatever it finds on the way; emptying the box is another.
  await search.fill('gif')
  await expect(rows).toHaveCount(2)
  await search.pressSequentially('ts')
  await expect(page.getByText('The search covered all operations')).toBeVisible()
  await page.keyboard.press('Backspace')
  await expect(rows).toHaveCount(2)
  const typed = ['gifts', 'gif'].map((q) => `{"filters":{"q":["${q}"],${week}},"operation":"search"}`).join()
  await did(`log.search {"also":[${typed}],"filters":{"q":["gift"],${week}},"searches":3}`)
  await page.keyboard.press('Escape')
  await expect(rows).toHaveCount(5)
  await did(everything)

  // Back and forth, and the same again: it is looked at again.
  await page.getByRole('radio', { name: '30 days' }).click()
  await did(month)
  await page.goBack()
  await did(everything)
  await page.goForward()
  await did(month)
  for (let time = 0; time < 2; time++) {
    await rows.nth(2).click()
    await expect(drawer.getByRole('heading', { name: /^History/ })).toBeVisible()
    await did('log.open e2 {"seq":3}')
    await page.keyboard.press('Escape')
  }

  // From entry to entry, and where an entry leads.
  await rows.nth(1).click()
  await did('log.open e3 {"seq":4}')
  await page.keyboard.press('j')
  await did('log.open e2 {"seq":3}')
  await drawer.locator('ol.history').getByRole('button').click()
  await did('log.open e0 {"seq":1}')
  await drawer.getByRole('link', { name: /operations by Emma/ }).click()
  await did('log.search {"filters":{"range":["last_30_days"],"user":["emma"]}}')
  await page.goBack()
  await did(month)
  await page.keyboard.press('Control+p')
  await did('log.print e0 {"seq":1}')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Print', exact: true }).click()
  await did('log.print {"filters":{"range":["last_30_days"]}}')

  // The histogram by keys: a selection is one act, leaving it another. The tree, live on and off.
  await page.locator('figure.histogram').focus()
  for (let key = 0; key < 3; key++) await page.keyboard.press('Shift+ArrowLeft')
  await expect(page).toHaveURL(/from=/)
  await page.keyboard.press('Escape')
  await expect(page).not.toHaveURL(/from=/)
  const selection = '"filters":{"from":["TIME"],"range":["last_30_days"]}'
  const passed = `{${selection},"operation":"search"}`
  await did(`log.search {"also":[${passed},${passed}],${selection},"searches":3}`, month)
  await page.getByRole('treeitem', { name: /Headquarters/ }).click()
  await expect(page).toHaveURL(/organization=hq/)
  await did('log.search {"filters":{"organization":["hq"],"range":["last_30_days"]}}')
  await page.getByRole('switch', { name: 'Live' }).click()
  await page.getByRole('switch', { name: 'Live' }).click()
  await did()
})
