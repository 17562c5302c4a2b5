import { defineConfig } from '@playwright/test'
import base from '../playwright.config'

export default defineConfig(base, {
  testDir: '.',
  testMatch: 'first-load.ts',
  outputDir: '../test-results/first-load',
  timeout: 0,
  use: { ...base.use, trace: 'off' },
})
