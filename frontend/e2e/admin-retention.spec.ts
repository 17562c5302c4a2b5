import { expect, type Page, test } from '@playwright/test'
import type { Recorded } from '../src/model/api/types'
import { confirmWith, signIn } from './console'
import { Program } from './program'

// The retention rule, legal holds and what was deleted, through the real program, which deletes when it starts.

const password = 'correct horse battery'
const day = 86_400_000
const zone = 'Asia/Shanghai'
const dayThere = (instant: number) => new Date(instant + day / 3).toISOString().slice(0, 10)

const languages = [
  {
    language: 'English',
    change: 'Edit rule',
    forDays: 'For a number of days',
    days: 'Days',
    older: /^3 entries from 3 days are older/,
    save: 'Save rule',
    minimum: /legal minimum of 180 days/,
    below: 'Confirm a retention below the legal minimum',
    kept: '100 days',
    isBelow: 'Below the legal minimum of 180 days, as confirmed.',
    place: 'Place hold',
    reason: 'Reason',
    first: 'First day',
    last: 'Last day',
    holds: 'Legal holds',
    stands: 'Active',
    lift: 'Lift: case 7',
    liftIt: 'Lift',
    lifted: 'Lifted',
    deletions: 'Deletions',
    nothing: 'Nothing has been deleted.',
    entry: 'Entry',
    gone: (date: string) => `Deleted on ${date} under the retention rule.`,
  },
  {
    language: '中文',
    change: '编辑规则',
    forDays: '按天数',
    days: '天数',
    older: /^共 3 天的 3 条记录超出此期限/,
    save: '保存规则',
    minimum: /少于法定的最短保留期 180 天/,
    below: '确认保留期限低于法定期限',
    kept: '100 天',
    isBelow: '低于 180 天的法定期限，已确认。',
    place: '设置法律保留',
    reason: '原因',
    first: '起始日',
    last: '截止日',
    holds: '法律保留',
    stands: '生效中',
    lift: '解除：case 7',
    liftIt: '解除',
    lifted: '已解除',
    deletions: '删除记录',
    nothing: '尚未删除任何记录。',
    entry: '操作记录',
    gone: (date: string) => `已按保留规则于 ${date} 删除。`,
  },
] as const

for (const w of languages)
  test(`a rule, a hold and what they leave, ${w.language}`, async ({ page, browser }) => {
    const program = new Program()
    try {
      await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', zone])
      await program.run(
        ['account', 'add', 'admin', '--role', 'admin', '--tenant', 'acme', '--password-stdin'],
        password,
      )
      await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], password)
      const key = await program.run(['key', 'add', '--tenant', 'acme', '--scope', 'write', '--name', 'host'])
      await program.start()
      const entries = [400, 300, 200, 1].map((daysAgo) => ({
        time: new Date(Date.now() - daysAgo * day).toISOString(),
        user: { id: 'u1', name: '王晓敏' },
        module: 'email',
        operation: 'send',
      }))
      const recorded = await program.call<Recorded>(key, '/tenants/acme/entries', {
        method: 'POST',
        body: JSON.stringify({ entries }),
      })
      const held = dayThere(Date.parse(entries[1]?.time ?? ''))

      await open(page, program, 'owner', w.language)
      await expect(page.getByText(w.nothing)).toBeVisible()
      await page.getByRole('button', { name: w.change }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('radio', { name: w.forDays }).check()
      await dialog.getByLabel(w.days, { exact: true }).fill('100')
      await expect(dialog.getByRole('status')).toHaveText(w.older)
      await dialog.getByRole('button', { name: w.save }).click()
      await expect(dialog.getByRole('alert')).toHaveText(w.minimum)
      await dialog.getByRole('checkbox', { name: w.below }).check()
      await dialog.getByRole('button', { name: w.save }).click()
      await confirmWith(page, password)
      await expect(dialog).toBeHidden()
      await expect(page.getByText(w.kept, { exact: true })).toBeVisible()
      await expect(page.getByText(w.isBelow)).toBeVisible()

      // An admin places a hold, which an owner alone lifts.
      const admin = await browser.newPage()
      await open(admin, program, 'admin', w.language)
      await admin.getByRole('button', { name: w.place }).click()
      const asked = admin.getByRole('dialog')
      await asked.getByLabel(w.reason).fill('case 7')
      await asked.getByLabel(w.first).fill('2026-02-30')
      await asked.getByRole('button', { name: w.place }).click()
      await expect(asked.getByLabel(w.first)).toHaveAttribute('aria-invalid', 'true')
      await asked.getByLabel(w.first).fill(held.replaceAll('-', '/'))
      await asked.getByLabel(w.last).fill(held)
      const before = new Date(Date.parse(held) - day).toISOString().slice(0, 10)
      await expect(asked.getByRole('status')).toContainText(`${before} 00:00`) // UTC
      await expect(asked.getByRole('status')).toContainText(`${held} 00:00`) // in Shanghai
      await asked.getByRole('button', { name: w.place }).click()
      const holds = (at: Page) => at.getByRole('table', { name: w.holds }).getByRole('row').nth(1)
      await expect(holds(admin)).toContainText('case 7')
      await expect(holds(admin)).toContainText(`${held} (${zone})`)
      await expect(holds(admin)).toContainText(`${before} 00:00`)
      await expect(holds(admin)).toContainText(w.stands)
      await expect(admin.getByRole('button', { name: w.lift })).toHaveCount(0)
      await expect(admin.getByRole('button', { name: w.change })).toHaveCount(0)
      await admin.close()

      await program.stop()
      const restarted = new Date()
      await program.start()
      const deletions = page.getByRole('table', { name: w.deletions }).getByRole('row')
      await expect(async () => {
        await page.reload()
        await expect(deletions).toHaveCount(2, { timeout: 1000 })
      }).toPass()
      await expect(deletions.nth(1)).toContainText(entries[0]?.time.slice(0, 10) ?? '')
      await expect(deletions.nth(1).locator('.stack > span').first()).not.toContainText(held)

      await page.getByRole('button', { name: w.lift }).click()
      await dialog.getByRole('button', { name: w.liftIt, exact: true }).click()
      await expect(holds(page)).toContainText(w.lifted)

      await page.goto(`${program.url}/t/acme/log/${recorded.entries[0]?.id}`)
      const gone = [restarted, new Date()].map((at) => w.gone(dayThere(at.getTime())).replaceAll('.', '\\.'))
      await expect(page.getByRole('complementary', { name: w.entry })).toContainText(new RegExp(gone.join('|')))
      await page.goto(`${program.url}/t/acme/log/${recorded.entries[1]?.id}`)
      await expect(page.getByRole('complementary', { name: w.entry })).toContainText('王晓敏')
    } finally {
      await program.dispose()
    }
  })

async function open(page: Page, program: Program, username: string, language: string) {
  await page.goto(`${program.url}/t/acme/settings/retention`)
  await page.getByText(language, { exact: true }).click()
  await signIn(page, username, password)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}
