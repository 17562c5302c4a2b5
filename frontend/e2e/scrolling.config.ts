import { defineConfig } from '@playwright/test'
import base from '../playwright.config'

export default defineConfig(base, {
  testDir: '.',
  testMatch: 'scrolling.ts',
  outputDir: '../test-results/scrolling',
  timeout: 0,
  use: { ...base.use, trace: 'off' },
})
