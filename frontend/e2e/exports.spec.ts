import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, type Page, test } from '@playwright/test'
import { demoLog, open } from './console'
import { binary, Program } from './program'
import { unzip } from './zip'

// The dialog of the export, and what is left of it: who made which file when, how large it is, and how to check it.

const program = new Program()
const scratch = mkdtempSync(join(tmpdir(), 'oplog-exports-'))
const run = promisify(execFile)

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '3000'])
})

test.afterAll(async () => {
  await program.dispose()
  rmSync(scratch, { recursive: true, force: true })
})

for (const messages of [
  {
    language: 'English',
    export: 'Export',
    rows: (count: string) => `Export ${count} rows`,
    all: /^All operations of this period/,
    counted: /([\d,]+) rows$/,
    made: /^admin, Excel, 20\d\d-/,
    kept: / KB, kept for 7 days$/,
    past: 'Earlier exports',
    verify: /^Verify: Delete, last 30 days$/,
    manifest: 'Manifest only',
    alone: 'File only',
    download: 'Download',
    page: 'HOW-TO-CHECK.txt',
    line: 'Run in the folder that contains the ZIP',
    delete: 'Delete',
    none: 'No exports yet.',
    cancel: 'Cancel',
  },
  {
    language: '中文',
    export: '导出',
    rows: (count: string) => `导出 ${count} 行`,
    all: /^此时段的全部操作/,
    counted: /([\d,]+) 行$/,
    made: /^admin，Excel，20\d\d-/,
    kept: / KB，保留 7 天$/,
    past: '历史导出',
    verify: /^验证：删除，近 30 天$/,
    manifest: '仅清单',
    alone: '仅文件',
    download: '下载',
    page: '如何验证.txt',
    line: '在 ZIP 所在的文件夹中运行',
    delete: '删除',
    none: '还没有导出。',
    cancel: '取消',
  },
] as const)
  test(`counts, exports as a workbook, and says how to check it: ${messages.language}`, async ({ page }) => {
    await open(page, `${program.url}${demoLog}?range=last_30_days&operation=delete`, messages.language)
    await page.getByRole('button', { name: messages.export, exact: true }).click()
    const dialog = page.getByRole('dialog')

    // Both choices say their rows before; the button says those of the one chosen.
    const entries = dialog.getByRole('radiogroup').nth(1).locator('label')
    await expect(entries).toHaveCount(2)
    const counts: string[] = []
    for (const choice of await entries.all()) {
      await expect(choice).toContainText(messages.counted)
      counts.push(messages.counted.exec(await choice.innerText())?.[1] ?? '')
    }
    const [filtered = '', all = ''] = counts
    expect(Number(filtered)).toBeLessThan(Number(all.replace(',', '')))
    await dialog.getByRole('radio', { name: messages.all }).check()
    await expect(dialog.getByRole('button', { name: messages.rows(all) })).toBeEnabled()
    await dialog.getByRole('radio').nth(6).check()
    await dialog.getByRole('radio', { name: 'Excel (.xlsx)' }).check()
    const ofDialog = await save(page, () => dialog.getByRole('button', { name: messages.rows(filtered) }).click())
    expect(ofDialog).toMatch(/\.zip$/)

    // Who, when, how large and for how long.
    const line = dialog.getByRole('region', { name: messages.past }).getByRole('listitem').first()
    await expect(line.locator('small').first()).toHaveText(messages.made)
    await expect(line.locator('.export-state')).toHaveText(messages.kept)

    // The ZIP has the file and its manifest, which are there alone as well, and how to check them.
    const zip = await save(page, () => line.getByRole('link', { name: messages.download, exact: true }).click())
    expect(zip).toBe(ofDialog)
    const parts = unzip(zip)
    const file = await save(page, () => line.getByRole('link', { name: messages.alone }).click())
    expect(parts.get(basename(file))).toEqual(readFileSync(file))
    await line.getByRole('button', { name: messages.verify }).click()
    const manifest = await save(page, () => line.getByRole('link', { name: messages.manifest }).click())
    expect([...parts.keys()]).toEqual([basename(file), basename(manifest), 'verifier-key.txt', messages.page])
    expect(parts.get(basename(manifest))).toEqual(readFileSync(manifest))

    // The line of the console is that of the page, and holds.
    await expect(line.getByRole('figure')).toContainText(messages.line)
    const text = await line.getByRole('figure').locator('pre').innerText()
    expect(parts.get(messages.page)?.toString()).toContain(`  ${text}\r\n`)
    const [command, ...args] = text.split(' ')
    expect(command).toBe('oplog')
    await run(binary, args, { cwd: scratch })
    writeFileSync(zip, 'something else')
    await expect(run(binary, args, { cwd: scratch })).rejects.toThrow(/verify-export/)

    await page.goto(`${program.url}${demoLog.replace('/log', '/exports')}`)
    await page.getByRole('listitem').getByRole('button', { name: messages.delete, exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: messages.delete, exact: true }).click()
    await expect(page.getByText(messages.none)).toBeVisible()
  })

test('an export of a user shows the name, in the dialog and on the page', async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_30_days`)
  const api = demoLog.replace('/t/', '/api/v1/tenants/').replace('/log', '')
  const summary = await (await page.request.get(`${program.url}${api}/summary?range=last_30_days`)).json()
  const [user, other] = summary.facets.user
  await page.goto(`${program.url}${demoLog}?range=last_30_days&user=${user.value}&user=${other.value}`)
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Export \d/ })
    .click()
  const what = `${user.name}, ${other.name}; last 30 days`
  await expect(page.getByRole('listitem').locator('.export-what .cut').first()).toHaveText(what)

  // Where neither of them is among the rows, and after the log is left.
  await page.goto(`${program.url}${demoLog}?range=today&q=nothing-like-this`)
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await expect(page.getByRole('listitem').locator('.export-what .cut').first()).toHaveText(what)
  await page.goto(`${program.url}${demoLog.replace('/log', '/exports')}`)
  await expect(page.getByRole('listitem').locator('.export-what .cut').first()).toHaveText(what)
  await page.getByRole('listitem').first().getByRole('button', { name: 'Delete', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete this export?' })
  await expect(dialog).toContainText(what)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('listitem').first()).toContainText(what)
  await page.getByRole('listitem').first().getByRole('button', { name: 'Delete', exact: true }).click()
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByRole('main')).not.toContainText(what)
})

test('a running export shows how far it is, and can be cancelled', async ({ page }) => {
  const running = {
    id: 'x1',
    status: 'running',
    rows_done: 500,
    rows_total: 2000,
    format: 'csv',
    range: 'today',
    filters: {},
    file_name: 'x.csv',
    size: 0,
    created_by: { username: 'auditor' },
    created_at: '2026-11-23T01:00:00Z',
  }
  let status = 'running'
  await page.route('**/exports', (route) => route.fulfill({ json: { exports: [{ ...running, status }] } }))
  await page.route('**/exports/x1', (route) => {
    expect(route.request().method()).toBe('DELETE')
    status = 'cancelled'
    return route.fulfill({ json: { ...running, status } })
  })
  await open(page, `${program.url}${demoLog}?range=today`)
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const line = page.getByRole('region', { name: 'Earlier exports' }).getByRole('listitem')
  await expect(line).toContainText('25%')
  await expect(line).toContainText('500 of 2,000')
  await expect(line.getByRole('progressbar')).toHaveAttribute('value', '0.25')
  await line.getByRole('button', { name: 'Cancel' }).click()
  await expect(line).toContainText('Cancelled')
})

/** Saves what an action downloads under its name, and says where. */
async function save(page: Page, action: () => Promise<void>): Promise<string> {
  const downloading = page.waitForEvent('download')
  await action()
  const download = await downloading
  const file = join(scratch, download.suggestedFilename())
  copyFileSync(await download.path(), file)
  return file
}
