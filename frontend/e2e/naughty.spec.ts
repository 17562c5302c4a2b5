import { createRequire } from 'node:module'
import { expect, type Page, test } from '@playwright/test'
import { visibleText } from '../src/lib/visible'
import type { Entry, EntryPage } from '../src/model/api/types'
import { signIn } from './console'
import { parseCsv } from './csv'
import { Program } from './program'

// Every string of the big list of naughty strings as the name of a user, an organization and a content: kept and
// shown exactly, and never more than a text. Characters that nobody would see are marks that hold them; in tips they
// are named.

const program = new Program()
const tenant = '/tenants/acme'
const password = 'correct horse battery'
const list = createRequire(import.meta.url)('big-list-of-naughty-strings') as string[]
const longestUser = 128
/** How long to wait before looking again, in milliseconds: there is much to look at. */
const intervals = [10]
let writeKey = ''
let readKey = ''

interface Sent {
  id: string
  time: string
  module: string
  operation: string
  user: { id: string; name: string; role: string }
  organization: { id: string; name: string }
  content: { id: string; name: string }
}

/** What a user's name may not be: nothing, or too much. The rest is as it comes. */
const refused = list.filter((text) => text === '' || [...text].length > longestUser)
const began = Date.now() - 3_600_000
const sent: Sent[] = list
  .filter((text) => text !== '')
  .map((name, i) => ({
    id: `n${i}`,
    time: new Date(began - i * 1000).toISOString(), // newest first, as they are listed
    module: 'email',
    operation: 'edit',
    user: {
      id: `u${i}`,
      name: [...name].slice(0, longestUser).join(''),
      role: [...name].slice(0, longestUser).join(''),
    },
    organization: { id: `o${i}`, name },
    content: { id: name, name },
  }))

/** The list goes by kinds of trouble, so these have some of each: what takes long is looked at for them alone. */
const some = sent.filter((_, i) => i % 3 === 0)

test.describe.configure({ mode: 'serial', timeout: 240_000 })

test.beforeAll(async () => {
  await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'UTC', '--data-permission'])
  await program.run(['account', 'add', 'admin', '--role', 'admin', '--tenant', 'acme', '--password-stdin'], password)
  writeKey = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'write', '--name', 'host'])
  readKey = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'read', '--name', 'report'])
  await program.start()
})

test.afterAll(() => program.dispose())

test('accepts what the rules allow, and refuses the rest with a message', async () => {
  expect(list).toHaveLength(461)
  expect(refused).toHaveLength(10)
  const answer = await program.call<{ recorded: number }>(writeKey, `${tenant}/entries`, post({ entries: sent }))
  expect(answer.recorded).toBe(460)
  for (const name of refused) {
    const problem = await refusal({ user: { id: 'u', name }, module: 'email', operation: 'edit' })
    expect(problem).toMatch(name ? /user\.name.*is \d+ characters long; at most 128/ : /user\.name.*is required/)
  }
  const user = { id: 'u', name: 'Ada' }
  for (const [entry, messages] of [
    [{ user: { id: 'u', name: 'a\0b' } }, /user\.name.*contains a NUL character/],
    [{ user, content: { id: 'c', name: 'x'.repeat(1025) } }, /content\.name.*is 1025 characters long; at most 1024/],
    [{ user, organization: { id: 'o', name: 'x'.repeat(1025) } }, /organization\.name.*at most 1024/],
    [{ user, organization: { id: 'o', name: '\0' } }, /organization\.name.*contains a NUL character/],
  ] as const)
    expect(await refusal({ ...entry, module: 'email', operation: 'edit' })).toMatch(messages)
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe4, 0xb8]]) {
    const [before, after] = JSON.stringify({ user: { id: 'u', name: '|' }, module: 'email', operation: 'edit' }).split(
      '|',
    )
    const body = Buffer.concat([Buffer.from(before ?? ''), Buffer.from(bytes), Buffer.from(after ?? '')])
    expect(await refusal(body, 400)).toMatch(/not JSON.*UTF-8/) // what is not UTF-8 is no JSON at all
  }
  const { entries } = await program.call<EntryPage>(readKey, `${tenant}/entries?user=u`)
  expect(entries).toEqual([])
})

test('keeps them byte by byte in JSON', async () => {
  const entries = await all()
  expect(entries.map(texts)).toEqual(sent.map(texts))
  for (const entry of [entries[0], entries[230], entries[459]])
    expect(texts(await program.call<Entry>(readKey, `${tenant}/entries/${entry?.id}`))).toEqual(texts(entry))
  const lines = (await exported('ndjson')).trimEnd().split('\n')
  expect(lines.map((line) => texts(JSON.parse(line) as Entry))).toEqual(sent.map(texts))
})

test('keeps them in CSV, but for what a spreadsheet would run', async () => {
  const [, ...rows] = parseCsv((await exported('csv')).replace('\ufeff', ''))
  const cell = (text: string) => (/^[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text)
  expect(
    rows.map(([, user, , role, organization, , , , content, id]) => [user, role, organization, content, id]),
  ).toEqual(
    sent.map((one) =>
      [one.user.name, one.user.role, one.organization.name, one.content.name, one.content.id].map(cell),
    ),
  )
})

test('finds by them, or says why it does not', async () => {
  for (const text of list)
    for (const parameter of ['q', 'user', 'content_id', 'organization']) {
      const address = `${program.url}/api/v1${tenant}/entries?${new URLSearchParams({ [parameter]: text })}`
      const answer = await fetch(address, { headers: { Authorization: `Bearer ${readKey}` } })
      expect([200, 422], `${parameter}=${text}`).toContain(answer.status)
      if (parameter === 'content_id' && text)
        expect(((await answer.json()) as EntryPage).entries.map((one) => one.content?.id)).toContain(text)
    }
})

test('shows them exactly in rows, tips, tree and drawer', async ({ page }) => {
  await openLog(page)
  const trouble = watch(page)
  const rows = await scrolledThrough(page, 460, '.log-scroll', '[role=row][data-index]', (row) => {
    const of = (name: string) => {
      const text = row.querySelector(`.cell-${name} [title]`)
      return [text?.textContent ?? '', text?.getAttribute('title') ?? '']
    }
    const id = row.querySelector('.content-id [title]')
    const shown = [
      of('user'),
      of('role'),
      of('organization'),
      of('content'),
      [id?.textContent, id?.getAttribute('title')],
    ]
    return { key: Number(row.getAttribute('data-index')), value: shown }
  })
  expect(rows.size).toBe(460)
  for (const [i, one] of sent.entries()) {
    const { user, organization, content } = one
    const twice = [user.name, user.role, organization.name, content.name, content.id].map((text) => [
      text,
      visibleText(text),
    ])
    expect(rows.get(i), one.id).toEqual(twice)
  }

  // Organizations of one name are told apart by their ids.
  const names = sent.map((one) => one.organization.name)
  const labelOf = ({ id, name }: Sent['organization']) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${id})`
  const nodes = await scrolledThrough(page, sent.length, '[role=tree]', '[role=treeitem]', (node) => {
    const name = node.querySelector('.name')
    return { key: name?.textContent ?? '', value: name?.getAttribute('title') }
  })
  for (const { organization } of sent)
    expect(nodes.get(labelOf(organization)), organization.id).toBe(visibleText(labelOf(organization)))

  const drawer = page.getByRole('complementary', { name: 'Entry' })
  for (const { id, content, organization, user } of some) {
    await goWithin(page, `/t/acme/log/${id}`, { range: 'last_7_days' })
    await expect.poll(() => drawer.locator('h2').textContent(), { message: id, intervals }).toBe(content.name)
    await expect
      .poll(() => drawer.getByRole('status').textContent(), { message: id, intervals })
      .toMatch(/^Proven unchanged/)
    const facts = (await drawer.locator('.facts dd').allTextContents()).join('\n')
    expect(facts, id).toContain(user.name)
    expect(facts, id).toContain(organization.name)
  }
  expect(trouble).toEqual([])
})

test('shows them exactly in chips, and searches for them', async ({ page }) => {
  await openLog(page)
  const trouble = watch(page)
  for (const { id, user, organization, content } of some) {
    await goWithin(page, '/t/acme/log', {
      range: 'last_7_days',
      user: user.id,
      organization: organization.id,
      content_id: content.id,
    })
    const chips = page.getByRole('group', { name: 'Active filters' }).locator('.chip-text')
    const said = { User: user.name, Organization: organization.name, 'Content ID': content.id }
    await expect
      .poll(async () => {
        const shown = await chips.evaluateAll((all) =>
          all.map((one) => [one.lastChild?.textContent ?? '', one.getAttribute('title') ?? '']),
        )
        // Names that several have are followed by the id.
        return shown.map((texts) =>
          texts.map((text) => text.replace(new RegExp(` \\((${user.id}|${organization.id})\\)$`), '')),
        )
      }, id)
      .toEqual(
        expect.arrayContaining(Object.entries(said).map(([label, text]) => [text, visibleText(`${label}: ${text}`)])),
      )
  }
  for (const { content } of some) {
    const text = content.name
    await goWithin(page, '/t/acme/log', { range: 'last_7_days', q: text })
    const box = page.getByRole('searchbox', { name: 'Search' })
    await expect.poll(() => box.inputValue(), { intervals }).toBe(text.replaceAll(/[\r\n]/g, ''))
  }
  // A search that is no search is told so; that is the server's answer, not the page's mistake.
  expect(trouble.filter((one) => !one.includes('422'))).toEqual([])
})

async function openLog(page: Page) {
  await page.goto(`${program.url}/t/acme/log?range=last_7_days`)
  await signIn(page, 'admin', password)
  await expect(page.getByRole('row').nth(5)).toBeVisible()
}

/** Goes to another view without loading the console again. */
async function goWithin(page: Page, path: string, view: Record<string, string>) {
  await page.evaluate(
    (address) => {
      history.pushState({}, '', address)
      dispatchEvent(new PopStateEvent('popstate'))
    },
    `${path}?${new URLSearchParams(view)}`,
  )
}

/** What is found of all items of a list while it is scrolled from its top to its end, which is read on as it comes near. */
async function scrolledThrough<Key, Value>(
  page: Page,
  items: number,
  list: string,
  item: string,
  read: (element: Element) => { key: Key; value: Value },
): Promise<Map<Key, Value>> {
  const found = new Map<Key, Value>()
  for (let atEnd = 0; found.size < items || atEnd < 3; ) {
    for (const { key, value } of await page.locator(item).evaluateAll((all, source) => {
      const readOne = new Function(`return (${source})`)() as (element: Element) => { key: never; value: never }
      return all.map(readOne)
    }, read.toString()))
      found.set(key, value)
    const moved = await page
      .locator(list)
      .first()
      .evaluate(async (element) => {
        let scroller: Element | null = element
        while (scroller && scroller.scrollHeight <= scroller.clientHeight + 1) scroller = scroller.parentElement
        const before = scroller?.scrollTop
        scroller?.scrollBy({ top: scroller.clientHeight * 0.8, behavior: 'instant' })
        await new Promise((resolve) => setTimeout(resolve, 80))
        return scroller?.scrollTop !== before
      })
    atEnd = moved ? 0 : atEnd + 1
  }
  return found
}

/** What would show that a text was more than a text. */
function watch(page: Page): string[] {
  const trouble: string[] = []
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') trouble.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => trouble.push(`page: ${error.message}`))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== program.url) trouble.push(`request: ${request.url()}`)
  })
  return trouble
}

/** Every text of an entry that a string went into. */
function texts(entry: Sent | Entry | undefined) {
  return [entry?.user.name, entry?.user.role, entry?.organization?.name, entry?.content?.name, entry?.content?.id]
}

async function all(): Promise<Entry[]> {
  const entries: Entry[] = []
  for (let cursor = ''; ; ) {
    const page = await program.call<EntryPage>(readKey, `${tenant}/entries?limit=200&cursor=${cursor}`)
    entries.push(...page.entries)
    if (!page.next_cursor) return entries
    cursor = page.next_cursor
  }
}

async function exported(format: string): Promise<string> {
  const begun = await program.call<{ id: string }>(readKey, `${tenant}/exports`, post({ range: 'last_7_days', format }))
  await expect
    .poll(async () => (await program.call<{ status: string }>(readKey, `${tenant}/exports/${begun.id}`)).status)
    .toBe('done')
  const file = `${program.url}/api/v1${tenant}/exports/${begun.id}/file`
  const answer = await fetch(file, { headers: { Authorization: `Bearer ${readKey}` } })
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await answer.arrayBuffer())
}

/** How an entry is refused, which it must be. */
async function refusal(entry: object, status = 422): Promise<string> {
  const body = Buffer.isBuffer(entry) ? new Uint8Array(entry) : JSON.stringify(entry)
  const headers = { Authorization: `Bearer ${writeKey}`, 'Content-Type': 'application/json' }
  const answer = await fetch(`${program.url}/api/v1${tenant}/entries`, { method: 'POST', headers, body })
  expect(answer.status).toBe(status)
  const problem = (await answer.json()) as { detail: string; errors?: { location: string; message: string }[] }
  return [problem.detail, ...(problem.errors ?? []).map((one) => `${one.location} ${one.message}`)].join('\n')
}

function post(body: object): RequestInit {
  return { method: 'POST', body: JSON.stringify(body) }
}
