import { expect, test } from '@playwright/test'
import { signIn } from './console'
import { Program } from './program'

// The entry beside the list: everything that is known of it, its proof, its neighbours by key, what is around it by click.

const program = new Program()
const password = 'correct horse battery'
let key = ''

test.beforeAll(async () => {
  key = await program.startWithTenant(password)
  const user = { id: 'u_7', name: '王晓敏', role: '营销经理' }
  const entry = (n: number, more: object = {}) => ({
    id: `e${n}`,
    time: new Date(Date.now() - n * 60_000).toISOString(),
    user,
    organization: { id: 'east', name: 'East' },
    module: 'wechat_page',
    operation: 'edit',
    content: { id: 'page_1', name: 'Double 11' },
    ...more,
  })
  const entries = [
    entry(1),
    entry(2, {
      outcome: 'failure',
      ip: '203.0.113.9',
      user_agent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36',
      changes: [
        { field: 'title', before: 'Double 11 Preview', after: 'Double 11 Encore' },
        { field: 'owner', after: 'u_9' },
      ],
      details: { batch: 42 },
    }),
    entry(3, { user: { id: 'u_8', name: 'Emma' } }),
    entry(4, { module: 'email', operation: 'send', content: { id: 'eml_1', name: 'Other' } }),
  ]
  await program.call(key, '/tenants/acme/entries', { method: 'POST', body: JSON.stringify({ entries }) })
})

test.afterAll(() => program.dispose())

for (const messages of [
  {
    language: 'English',
    entry: 'Entry',
    proven: 'Proven unchanged',
    failed: 'Failed',
    changes: 'Changes (2)',
    history: 'History of this content (3)',
    show: 'Show in log',
    same: '3 operations by 王晓敏 in this period',
    position: (n: number) => `${n} of 4`,
    next: 'Next entry (j)',
    copy: 'Copy link to this entry',
    copied: 'Link copied',
    none: 'This entry does not exist, or you may not see it.',
    total: '3 operations',
  },
  {
    language: '中文',
    entry: '操作记录',
    proven: '已证明未被改动',
    failed: '失败',
    changes: '变更（2 处）',
    history: '此内容的历史（3 条）',
    show: '在日志中查看',
    same: '本时段内王晓敏的 3 条操作',
    position: (n: number) => `第 ${n} / 4 条`,
    next: '下一条（j）',
    copy: '复制此条链接',
    copied: '链接已复制',
    none: '该记录不存在，或您无权查看。',
    total: '共 3 条操作',
  },
] as const)
  test(`an entry, its neighbours and what is around it: ${messages.language}`, async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.goto(`${program.url}/t/acme/log?range=last_7_days`)
    await page.getByText(messages.language, { exact: true }).click()
    await signIn(page, 'admin', password)
    const rows = page.getByRole('row')
    const drawer = page.getByRole('complementary', { name: messages.entry })

    // By arrow keys, in the list and in the entry.
    await rows.nth(1).click()
    await expect(drawer).toContainText(messages.position(1))
    await page.keyboard.press('ArrowDown')
    await expect(drawer).toContainText(messages.position(2))
    await expect(rows.nth(2)).toBeFocused()
    await drawer.getByRole('button', { name: messages.next }).focus()
    for (const [key, position] of [
      ['ArrowRight', 3],
      ['ArrowDown', 4],
      ['ArrowLeft', 3],
      ['ArrowUp', 2],
      ['j', 3],
      ['k', 2],
    ] as const) {
      await page.keyboard.press(key)
      await expect(drawer).toContainText(messages.position(position))
    }

    // All that was recorded.
    await expect(drawer).toContainText(messages.proven)
    for (const text of [
      'Double 11',
      'page_1',
      '王晓敏',
      'u_7',
      '营销经理',
      'East',
      messages.failed,
      '203.0.113.9',
      'Chrome',
    ])
      await expect(drawer).toContainText(text)
    await expect(drawer).toContainText(messages.changes)
    await expect(drawer.locator('del, ins').first()).toBeVisible()
    await expect(drawer).toContainText('"batch": 42')
    await expect(drawer).toContainText('e2')
    await drawer.getByRole('button', { name: messages.copy }).click()
    await expect(page.getByText(messages.copied)).toBeVisible()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url())

    // What else happened to the content, and what the user did, are one click away.
    await expect(drawer.getByRole('heading', { name: messages.history })).toBeVisible()
    await drawer.getByRole('link', { name: messages.same }).click()
    await expect(page.getByRole('status').filter({ hasText: messages.total })).toBeVisible()
    expect(new URL(page.url()).searchParams.getAll('user')).toEqual(['u_7'])
    await page.goBack()
    await drawer.getByRole('link', { name: messages.show }).click()
    await expect(page.getByRole('status').filter({ hasText: messages.total })).toBeVisible()
    expect(new URL(page.url()).searchParams.getAll('content_id')).toEqual(['page_1'])

    // Opened by its address it stands there alone; what is not there says so.
    await page.goto(`${program.url}/t/acme/log/e2?range=last_7_days&user=u_8`)
    await expect(drawer).toContainText(messages.proven)
    await expect(page.locator('.log-row')).toHaveCount(1)
    await page.keyboard.press('Escape')
    await expect(drawer).toBeHidden()
    await page.goto(`${program.url}/t/acme/log/none?range=last_7_days`)
    await expect(drawer).toContainText(messages.none)
  })

test('values and names as they were recorded', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const name = 'Eve\u202egnp.exe'
  const time = new Date(Date.now() - 20 * 60_000).toISOString()
  // As text: JSON.stringify would send other digits.
  const body = `{"id":"exact","time":"${time}","user":{"id":"u_9","name":"${name}"},"module":"email","operation":"edit",
    "content":{"id":"c","name":"חשבונית 42"},
    "changes":[{"field":"total","before":9007199254740788,"after":9007199254740789},{"field":"price","before":2.5,"after":2.50}],
    "details":{"b":1e400,"a":-0}}`
  await program.call(key, '/tenants/acme/entries', { method: 'POST', body })
  await page.goto(`${program.url}/t/acme/log/exact?range=last_7_days`)
  await page.getByText('English', { exact: true }).click()
  await signIn(page, 'admin', password)
  const drawer = page.getByRole('complementary', { name: 'Entry' })
  await expect(drawer.getByRole('status')).toContainText(
    /^Proven unchanged since it was received at [\d-]+ [\d:]+, 20 min after the operation time\. Entry/,
  )
  await expect(drawer.locator('.changes tbody td')).toHaveText([
    'total',
    '−9007199254740788',
    '+9007199254740789',
    'price',
    '−2.5',
    '+2.50',
  ])
  await expect(drawer.locator('.changes ins')).toHaveText(['9007199254740789', '50'])
  await expect(drawer.locator('.drawer-details')).toHaveText('{\n  "b": 1e400,\n  "a": -0\n}', { useInnerText: true })

  // The mark is drawn, and what follows it is not turned round.
  for (const shown of [drawer.locator('.facts dd').first(), page.locator('.log-row-open .cell-user')]) {
    const mark = shown.getByRole('img', { name: 'U+202E' })
    await expect(mark).toBeVisible()
    const places = await shown.evaluate((element) => {
      const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
      const found: Record<string, number> = {}
      const range = document.createRange()
      while (texts.nextNode()) {
        const { data } = texts.currentNode as Text
        for (const part of ['Eve', 'gnp', 'exe']) {
          const at = data.indexOf(part)
          if (at < 0) continue
          range.setStart(texts.currentNode, at)
          range.setEnd(texts.currentNode, at + 3)
          found[part] = range.getBoundingClientRect().left
        }
      }
      return Object.entries(found)
        .sort(([, a], [, b]) => a - b)
        .map(([part]) => part)
    })
    expect(places).toEqual(['Eve', 'gnp', 'exe'])
  }
  expect(await page.locator('.log-row-open .cell-user .two-lines').getAttribute('title')).toBe('Eve[U+202E]gnp.exe')
  // Copying gives what was recorded.
  await page
    .locator('.log-row-open .cell-user .two-lines')
    .first()
    .evaluate((element) => {
      getSelection()?.selectAllChildren(element)
    })
  await page.keyboard.press('ControlOrMeta+c')
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(name)
  await expect(drawer.locator('h2 bdi')).toHaveText('חשבונית 42')
})
