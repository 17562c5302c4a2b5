import { type Download, expect, type Locator, type Page, test } from '@playwright/test'
import type { Catalog, Entry, EntryPage, Summary } from '../src/model/api/types'
import { parseCsv } from './csv'
import { Program } from './program'
import { unzip } from './zip'

// The main job, through the real program: every operation that the catalog
// allows is recorded, found by every filter, seen and taken away in the
// console, and all of it is there after a restart.

const program = new Program()
const tenant = '/tenants/acme'
const password = 'correct horse battery'
let writeKey = ''
let readKey = ''
let catalog: Catalog
let sent: Sent[] = [] // in order of time, newest first

type Sent = Pick<Entry, 'id' | 'time' | 'module' | 'operation' | 'outcome' | 'ip'> & {
  changes: { field: string; before: string; after: number }[]
  user: Required<Entry['user']>
  organization: { id: string; name: string }
  content: { id: string; name: string }
}

const organizations = [
  { id: 'root', name: '集团 Group' },
  { id: 'east', parent_id: 'root', name: '华东大区 East China' },
  { id: 'shanghai', parent_id: 'east', name: 'Shanghai Studio' },
  { id: 'south', parent_id: 'root', name: '华南大区 South China' },
]
const people = [
  { id: 'u_1', name: '王晓敏', role: '营销经理', organization: 'shanghai' },
  { id: 'u_2', name: 'Emma Clarke', role: 'Content editor', organization: 'east' },
  { id: 'u_3', name: "Siobhán O'Brien", role: 'CRM specialist', organization: 'south' },
]
const contents = [
  '双11返场主会场 Double 11',
  '=SUM(A1:A9)',
  'Black Friday, "members first"',
  '预售\r\n尾款提醒',
  'Café naïve',
]

test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai', '--data-permission'])
  for (const role of ['admin', 'member']) {
    await program.run(['account', 'add', role, '--role', role, '--tenant', 'acme', '--password-stdin'], `${password}\n`)
  }
  writeKey = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'write', '--name', 'host'])
  readKey = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'read', '--name', 'report'])
  await program.addDirectoryKey()
  await program.start()
})

test.afterAll(() => program.dispose())

test('records all 82 pairs, and an operation sent twice once', async () => {
  catalog = await program.call<Catalog>(writeKey, `${tenant}/catalog`)
  await program.call(program.directoryKey, `${tenant}/organizations`, {
    method: 'PUT',
    body: JSON.stringify({ organizations }),
  })
  const pairs = catalog.modules.flatMap((module) => module.operations.map((operation) => [module.key, operation]))
  expect(pairs).toHaveLength(82)
  const now = Date.now()
  sent = pairs.map(([module = '', operation = ''], i) => {
    const person = people[i % people.length] ?? fail()
    return {
      id: `op-${i}`,
      time: new Date(now - i * 71 * 60_000).toISOString(),
      user: { id: person.id, name: person.name, role: person.role },
      organization: pick(organizations, person.organization),
      module,
      operation,
      content: { id: `c_${i % 7}`, name: contents[i % contents.length] ?? fail() },
      outcome: i % 11 === 0 ? 'failure' : 'success',
      changes: [{ field: 'status', before: 'draft', after: i }],
      ip: `10.0.0.${i}`,
    }
  })
  for (const entry of sent) {
    const answer = await program.call<{ recorded: number }>(writeKey, `${tenant}/entries`, post(entry))
    expect(answer.recorded).toBe(1)
  }
  const again = await program.call<object>(writeKey, `${tenant}/entries`, post({ entries: sent }))
  expect(again).toMatchObject({ recorded: 0, duplicates: 82 })
  const skipped = await program.call<object>(
    writeKey,
    `${tenant}/entries`,
    post({ ...sent[0], id: 'x', origin: 'api' }),
  )
  expect(skipped).toMatchObject({ recorded: 0, skipped: 1 })
})

test('finds them by every filter, page by page', findsAll)

async function findsAll() {
  await finds('', () => true)
  for (const module of catalog.modules) await finds(`module=${module.key}`, (e) => e.module === module.key)
  for (const { key } of catalog.operations) await finds(`operation=${key}`, (e) => e.operation === key)
  for (const { id } of people) await finds(`user=${id}`, (e) => e.user.id === id)
  for (let i = 0; i < 7; i++) await finds(`content_id=c_${i}`, (e) => e.content.id === `c_${i}`)
  await finds('organization=root', () => true)
  await finds('organization=east', (e) => e.organization.id !== 'south')
  await finds('organization=south', (e) => e.organization.id === 'south')
  await finds('operation=delete&operation=send', (e) => ['delete', 'send'].includes(e.operation))
  await finds('q=返场', (e) => e.content.name.includes('返场'))
  await finds('q=obrien', () => false)
  await finds("q=siobhan o'brien", (e) => e.user.id === 'u_3')
  await finds('q=cafe NAIVE', (e) => e.content.name === 'Café naïve')
  await finds('q="members first"', (e) => e.content.name.includes('members first'))
  await finds('q=短信', (e) => e.module === 'sms')
  await finds('q=user:emma', (e) => e.user.id === 'u_2')
  await finds('q=content:emma', () => false)
  const [from, to] = [sent[50]?.time ?? fail(), sent[10]?.time ?? fail()]
  await finds(`from=${from}&to=${to}`, (e) => e.time >= from && e.time < to)
  await finds(`q=double&module=sms&organization=east&from=${from}`, (e) => {
    return e.content.name.includes('Double') && e.module === 'sms' && e.organization.id !== 'south' && e.time >= from
  })
}

test('shows, filters and exports them in the console', async ({ page }) => {
  await signIn(page, 'admin')
  const table = page.getByRole('table', { name: 'Operation log' })
  await expect(page.getByRole('status').filter({ hasText: '82 operations' })).toBeVisible()
  await expect(page.getByRole('columnheader')).toHaveText([
    'User',
    'Role',
    'Organization',
    'Functional module',
    'Operation type',
    'Content',
    /Operation time/,
  ])
  const first = sent[0] ?? fail()
  const cells = table.getByRole('row').nth(1).getByRole('cell')
  await expect(cells).toHaveCount(7)
  await expect(cells.nth(0)).toContainText(first.user.name)
  await expect(cells.nth(2)).toContainText(first.organization.name)
  await expect(cells.nth(3)).toContainText('Customer')
  await expect(cells.nth(4)).toContainText('Create')
  await expect(cells.nth(5)).toContainText(`${first.content.name}${first.content.id}`)
  await expect(cells.nth(6)).toContainText(shanghai(first.time))

  // By organization, by search, by operation type; the address holds them all.
  await page.getByRole('tree', { name: 'Organizations' }).getByText('华东大区 East China').click()
  await type(page.getByRole('searchbox', { name: 'Search' }), '返场')
  await page.getByRole('button', { name: /^Operation type/ }).click()
  for (const type of ['Create', 'Edit', 'Delete']) await page.getByRole('checkbox', { name: type, exact: true }).check()
  await page.keyboard.press('Escape')
  const wanted = sent.filter(
    (e) =>
      e.organization.id !== 'south' &&
      e.content.name.includes('返场') &&
      ['create', 'edit', 'delete'].includes(e.operation),
  )
  expect(wanted.length).toBeGreaterThan(3)
  await expect(page.getByRole('status').filter({ hasText: `${wanted.length} operations` })).toBeVisible()
  await expect(table.getByRole('row')).toHaveCount(wanted.length + 1)
  const url = new URL(page.url())
  expect(url.searchParams.get('q')).toBe('返场')
  expect(url.searchParams.get('organization')).toBe('east')
  expect(url.searchParams.getAll('operation').sort()).toEqual(['create', 'delete', 'edit'])

  // One entry, with its own address and its proof.
  await table.getByRole('row').nth(1).click()
  const drawer = page.getByRole('complementary', { name: 'Entry' })
  await expect(drawer).toContainText(wanted[0]?.content.name ?? fail())
  await expect(drawer).toContainText('Proven unchanged')
  await expect(page).toHaveURL(new RegExp(`/t/acme/log/${wanted[0]?.id}\\?`))
  await page.reload()
  await expect(drawer).toContainText('Proven unchanged')
  await page.keyboard.press('Escape')
  await expect(drawer).toBeHidden()

  // Away as CSV, row by row what was sent.
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: `Export ${wanted.length} rows` }).click()
  const file = await csvOf(await download)
  expect(file.startsWith('\ufeffTime,User,')).toBe(true)
  expect(parseCsv(file.slice(1))).toEqual([
    'Time,User,User ID,Role,Organization,Organization ID,Module,Operation,Content,Content ID,IP,Entry ID,Outcome'.split(
      ',',
    ),
    ...wanted.map(csvRow),
  ])
})

test('exports everything as it was sent, with its changes, formulas made safe', async ({ page }) => {
  await signIn(page, 'admin')
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const download = page.waitForEvent('download')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: 'NDJSON' }).check()
  await expect(dialog.getByRole('checkbox')).toHaveCount(0)
  await dialog.getByRole('radio', { name: 'CSV' }).check()
  await dialog.getByRole('group', { name: 'Also include' }).getByRole('checkbox', { name: 'Changes' }).check()
  await dialog.getByRole('button', { name: 'Export 82 rows' }).click()
  const rows = parseCsv((await csvOf(await download)).slice(1))
  expect(rows[0]?.slice(-3)).toEqual(['Entry ID', 'Outcome', 'Changes'])
  expect(rows.slice(1)).toEqual(sent.map((e) => [...csvRow(e), `status: draft → ${e.changes[0]?.after}`]))
  expect(rows.flat().filter((cell) => /^[=+\-@＝＋－＠\t\r\n]/.test(cell))).toEqual([])
})

test('speaks Chinese', async ({ page }) => {
  await signIn(page, 'admin')
  await page.getByText('中文', { exact: true }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await expect(page.getByRole('table', { name: '操作日志' })).toBeVisible()
  await expect(page.getByRole('columnheader')).toHaveText([
    '用户',
    '角色',
    '组织',
    '功能模块',
    '操作类型',
    '操作内容',
    /操作时间/,
  ])
  await expect(page.getByRole('status').filter({ hasText: '共 82 条操作' })).toBeVisible()
  const kept = page.waitForResponse((response) => response.request().method() === 'PATCH') // for the tests after this
  await page.getByText('English', { exact: true }).click()
  await expect(page.getByRole('table', { name: 'Operation log' })).toBeVisible()
  await kept
})

test('shows a member nothing of it', async ({ page }) => {
  await page.goto(`${program.url}/t/acme/log`)
  await type(page.getByRole('textbox', { name: 'Username' }), 'member')
  await type(page.getByRole('textbox', { name: 'Password' }), password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('There is nothing here for your account')).toBeVisible()
  await expect(page).toHaveTitle('Sign in')
  await expect(page.getByRole('table')).toHaveCount(0)
  await expect(page.getByRole('navigation')).toHaveCount(0)
  await expect(page.locator('body')).not.toContainText(/log|operation|export/i)
  const answer = await page.request.get(`${program.url}/api/v1/tenants/acme/entries`)
  expect(answer.status()).toBe(403)
  expect(await answer.text()).not.toMatch(/log|operation|entr/i)
})

test('finds everything again after a restart', async ({ page }) => {
  await signIn(page, 'admin')
  const before = await program.call<EntryPage>(readKey, `${tenant}/entries?limit=200`)
  expect(await program.stop()).toBe(0)
  await program.start()
  expect(await program.call<EntryPage>(readKey, `${tenant}/entries?limit=200`)).toEqual(before)
  await findsAll()
  await page.reload() // the session holds, too
  await expect(page.getByRole('status').filter({ hasText: '82 operations' })).toBeVisible()
})

/** Asks for a filter's pages and summary, and compares them with what was sent. */
async function finds(filter: string, matches: (entry: Sent) => boolean) {
  const query = new URLSearchParams(filter.replaceAll('+', '%2B'))
  const wanted = sent.filter(matches)
  const found: Entry[] = []
  query.set('limit', '7')
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    if (cursor) query.set('cursor', cursor)
    const page: EntryPage = await program.call<EntryPage>(readKey, `${tenant}/entries?${query}`)
    found.push(...page.entries)
    cursor = page.next_cursor
  }
  expect(
    found.map((e) => e.id),
    filter,
  ).toEqual(wanted.map((e) => e.id))
  for (const [i, e] of wanted.entries()) {
    const { time, ...rest } = e
    expect(found[i], filter).toMatchObject(rest)
    expect(Date.parse(found[i]?.time ?? ''), filter).toBe(Date.parse(time))
  }
  query.delete('limit')
  query.delete('cursor')
  const summary = await program.call<Summary>(readKey, `${tenant}/summary?${query}`)
  const { module, operation, user } = summary.facets
  const counts = [summary.histogram.buckets, module, operation, user].map((of) =>
    of.reduce((sum, { count }) => sum + count, 0),
  )
  expect([summary.total, ...counts], filter).toEqual(Array(5).fill(wanted.length))
}

async function signIn(page: Page, username: string) {
  await page.goto(program.url)
  await type(page.getByRole('textbox', { name: 'Username' }), username)
  await type(page.getByRole('textbox', { name: 'Password' }), password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('table', { name: 'Operation log' })).toBeVisible()
}

/** Types into an empty field. fill() in Firefox sets the value unseen by React, which then ignores the event that follows. */
async function type(field: Locator, text: string) {
  await field.focus()
  await field.evaluate((_, typed) => document.execCommand('insertText', false, typed), text)
}

function csvRow(e: Sent): string[] {
  const module = catalog.modules.find(({ key }) => key === e.module)?.title.en ?? fail()
  const operation = catalog.operations.find(({ key }) => key === e.operation)?.title.en ?? fail()
  const content = e.content.name.startsWith('=') ? `'${e.content.name}` : e.content.name
  return [
    shanghai(e.time),
    e.user.name,
    e.user.id,
    e.user.role,
    e.organization.name,
    e.organization.id,
    module,
    operation,
    content,
    e.content.id,
    e.ip ?? fail(),
    e.id,
    e.outcome,
  ]
}

/** A time as people in Shanghai, which has no summer time, read it. */
function shanghai(time: string): string {
  return new Date(Date.parse(time) + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

function post(body: object): RequestInit {
  return { method: 'POST', body: JSON.stringify(body) }
}

function pick(from: typeof organizations, id: string): { id: string; name: string } {
  const { name } = from.find((o) => o.id === id) ?? fail()
  return { id, name }
}

function fail(): never {
  throw new Error('the test has a hole')
}

/** The CSV in a ZIP that was downloaded. */
async function csvOf(download: Download): Promise<string> {
  const files = unzip(await download.path())
  return files.get(download.suggestedFilename().replace(/zip$/, 'csv'))?.toString() ?? fail()
}
