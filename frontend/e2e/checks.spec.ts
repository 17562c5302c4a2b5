import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { signIn } from './console'
import { Program } from './program'

// The checks on the System page, through the real program.

const password = 'correct horse battery'

const languages = [
  { language: 'English', title: 'Checks', run: 'Check again', now: 'Fix now', gone: 'does not exist', all: 'Show all' },
  {
    language: '中文',
    title: '系统体检',
    run: '重新检查',
    now: '立即处理',
    gone: '不存在',
    all: '显示全部',
  },
] as const

for (const w of languages)
  test(`an owner sees what has to be fixed, and that it is, ${w.language}`, async ({ page }) => {
    const program = new Program()
    const dir = mkdtempSync(join(tmpdir(), 'oplog-e2e-checks-'))
    const anchors = join(dir, 'anchors')
    try {
      await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai'])
      await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], password)
      await program.start(['serve', '--anchor', anchors])
      await page.goto(`${program.url}/t/acme/settings/system`)
      await page.getByText(w.language, { exact: true }).click()
      await signIn(page, 'owner', password)
      const part = page.getByRole('region', { name: w.title })
      const bad = part.getByRole('listitem').filter({ hasText: w.now })
      await expect(bad.filter({ hasText: anchors })).toContainText(w.gone)
      await part.getByRole('button', { name: w.all }).click()
      await expect(part.getByRole('listitem').filter({ hasText: program.url.replace('http://', '') })).toHaveCount(1)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await expectAccessible(page, `checks, ${colorScheme}`)
      }
      mkdirSync(anchors)
      await expect(async () => {
        await part.getByRole('button', { name: w.run }).click()
        await expect(bad.filter({ hasText: w.gone })).toHaveCount(0, { timeout: 500 })
      }).toPass()
    } finally {
      await program.dispose()
      rmSync(dir, { recursive: true, force: true })
    }
  })
