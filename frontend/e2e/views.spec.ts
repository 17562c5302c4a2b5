import { expect, type Page, test } from '@playwright/test'
import { demoLog, open, signIn } from './console'
import { Program } from './program'

// Saved views: one's own and shared ones, and the view that a person begins with.

const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '2000'])
})

test.afterAll(() => program.dispose())

const english = {
  language: 'English',
  views: 'Views',
  save: 'Save current view',
  name: 'Name',
  button: 'Save',
  start: 'Use as my default view',
  share: 'Share with everyone who can see this log',
  table: 'Include columns and row density',
  startWith: 'Make Deletions the default view',
  change: 'Edit Deletions',
  remove: 'Delete Deletions',
  ask: 'Delete Deletions for everyone?',
  yes: 'Delete',
  fresh: 'Use the current filters',
  taken: 'A view named Deletions already exists.',
  log: 'Operation log',
  density: ['Row density', 'Compact'],
} as const
const chinese = {
  language: '中文',
  views: '视图',
  save: '保存当前视图',
  name: '名称',
  button: '保存',
  start: '设为我的默认视图',
  share: '共享给所有可查看此日志的人',
  table: '包含列设置和行高',
  startWith: '将“Deletions”设为默认视图',
  change: '编辑“Deletions”',
  remove: '删除“Deletions”',
  ask: '为所有人删除“Deletions”？',
  yes: '删除',
  fresh: '改用当前的筛选条件',
  taken: '已有名为“Deletions”的视图',
  log: '操作日志',
  density: ['行高', '紧凑'],
} as const

for (const messages of [english, chinese])
  test(`saves, shares, begins with, changes and removes a view: ${messages.language}`, async ({ page, browser }) => {
    const panel = page.getByRole('dialog', { name: messages.views })
    await open(page, `${program.url}${demoLog}?operation=delete&range=last_30_days`, messages.language)
    await expect(page.getByRole('row').nth(3)).toBeVisible()
    await page.getByRole('button', { name: messages.density[0] }).click()
    await page.getByRole('radio', { name: messages.density[1] }).check()
    await page.keyboard.press('Escape')

    // By keyboard: open, name, save.
    await page.getByRole('button', { name: messages.views }).focus()
    await page.keyboard.press('Enter')
    await expect(panel.getByRole('button', { name: messages.save })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(panel.getByRole('textbox', { name: messages.name })).toBeFocused()
    await page.keyboard.type('Deletions')
    await panel.getByRole('checkbox', { name: messages.table }).check()
    await panel.getByRole('checkbox', { name: messages.share }).check()
    await page.keyboard.press('Enter')
    const line = panel.getByRole('button', { name: /^Deletions/ })
    await expect(line).toHaveAttribute('aria-current', 'true')
    await panel.getByRole('button', { name: messages.save }).click()
    await panel.getByRole('textbox', { name: messages.name }).fill('deletions')
    await panel.getByRole('button', { name: messages.button, exact: true }).click()
    await expect(panel.getByRole('alert')).toContainText(messages.taken)

    // Another person has it, too, and may choose to begin with it, columns and density included.
    const other = await (await browser.newContext({ viewport: { width: 1366, height: 768 } })).newPage()
    await other.goto(`${program.url}${demoLog}`)
    await other.getByText(messages.language, { exact: true }).click()
    await signIn(other, 'auditor', 'demo-password')
    await expect.poll(() => search(other)).toBe('?range=last_7_days')
    await other.getByRole('button', { name: messages.views }).click()
    const theirs = other.getByRole('dialog', { name: messages.views })
    await expect(theirs.getByRole('button', { name: /^Deletions/ })).toContainText('admin')
    await expect(theirs.getByRole('button', { name: messages.change })).toHaveCount(0)
    await theirs.getByRole('button', { name: messages.startWith }).click()
    await expect(theirs.getByRole('button', { pressed: true })).toBeVisible()
    await other.keyboard.press('Escape')
    await expect(theirs).toBeHidden()
    await other.getByRole('link', { name: messages.log }).click()
    await expect.poll(() => search(other)).toBe('?operation=delete&range=last_30_days')
    await other.goto(program.url)
    await expect.poll(() => search(other)).toBe('?operation=delete&range=last_30_days')
    await expect.poll(async () => (await other.getByRole('row').nth(2).boundingBox())?.height).toBe(33)
    await other.getByRole('button', { name: messages.views }).click()
    await theirs.getByRole('button', { pressed: true }).click()
    await expect(theirs.getByRole('button', { pressed: true })).toHaveCount(0)
    await other.context().close()

    // With other filters it is another view, until it is changed to them; opening it brings them back.
    await page.goto(`${program.url}${demoLog}?operation=send&range=today`)
    await page.getByRole('button', { name: messages.views }).click()
    await expect(line).not.toHaveAttribute('aria-current')
    await panel.getByRole('button', { name: messages.change }).click()
    await panel.getByRole('checkbox', { name: messages.fresh }).check()
    await panel.getByRole('button', { name: messages.button, exact: true }).click()
    await expect(line).toHaveAttribute('aria-current', 'true')
    await page.keyboard.press('Escape')
    await page.goto(`${program.url}${demoLog}?range=last_90_days`)
    await page.getByRole('button', { name: messages.views }).click()
    await line.click()
    await expect(panel).toBeHidden()
    await expect.poll(() => search(page)).toBe('?operation=send&range=today')

    await page.getByRole('button', { name: messages.views }).click()
    await panel.getByRole('button', { name: messages.remove }).click()
    await expect(panel).toContainText(messages.ask)
    await panel.getByRole('button', { name: messages.yes, exact: true }).click()
    await expect(line).toHaveCount(0)
  })

function search(page: Page): string {
  return new URL(page.url()).search
}
