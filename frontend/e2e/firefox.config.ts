import { join } from 'node:path'
import { defineConfig } from '@playwright/test'
import base from '../playwright.config'

// The main job in Debian's Firefox ESR, which Playwright drives over WebDriver BiDi: make test-firefox.
export default defineConfig(base, {
  testDir: '.',
  testMatch: 'main-job.spec.ts',
  outputDir: '../test-results/firefox',
  use: {
    ...base.use,
    browserName: 'firefox',
    channel: 'moz-firefox',
    launchOptions: { executablePath: join(import.meta.dirname, 'firefox-esr.mjs') },
  },
})
