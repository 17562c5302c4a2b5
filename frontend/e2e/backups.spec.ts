import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { expectAccessible } from './axe'
import { signIn } from './console'
import { Program } from './program'

// Scheduled backups on the System page, through the real program.

const password = 'correct horse battery'

const languages = [
  {
    language: 'English',
    proved: /^Last proved restorable: (to|yester)day \d\d:\d\d$/,
    now: 'Back up now',
    table: 'Backups',
    restored: 'Restored',
    gone: 'Mount or create it.',
  },
  {
    language: '中文',
    proved: /^最近一次验证可恢复：(今|昨)天 \d\d:\d\d$/,
    now: '立即备份',
    table: '备份',
    restored: '已通过',
    gone: '请挂载或创建该目录',
  },
] as const

for (const w of languages)
  test(`a backup is made by itself, and one now, ${w.language}`, async ({ page }) => {
    const program = new Program()
    const dir = mkdtempSync(join(tmpdir(), 'oplog-e2e-backups-'))
    try {
      await program.run(['tenant', 'add', 'acme', '--name', 'Acme', '--time-zone', 'Asia/Shanghai'])
      await program.run(['account', 'add', 'owner', '--role', 'owner', '--password-stdin'], password)
      await program.start(['serve', '--backup-dir', dir, '--backup-every', '24h'])
      await page.goto(`${program.url}/t/acme/settings/system`)
      await page.getByText(w.language, { exact: true }).click()
      await signIn(page, 'owner', password)
      await expect(page.getByText(w.proved)).toBeVisible()
      const rows = page.getByRole('table', { name: w.table, exact: true }).getByRole('row')
      await expect(rows).toHaveCount(2)
      await page.getByRole('button', { name: w.now }).click()
      await expect(rows).toHaveCount(3)
      await expect(rows.filter({ hasText: w.restored })).toHaveCount(2)
      expect(readdirSync(dir).filter((name) => name.endsWith('.backup'))).toHaveLength(2)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await expectAccessible(page, `backups, ${colorScheme}`)
      }

      rmSync(dir, { recursive: true })
      await page.getByRole('button', { name: w.now }).click()
      await expect(page.getByRole('alert').filter({ hasText: w.gone })).toBeVisible()
      await expectAccessible(page, 'a backup directory that is gone')
    } finally {
      await program.dispose()
      rmSync(dir, { recursive: true, force: true })
    }
  })
