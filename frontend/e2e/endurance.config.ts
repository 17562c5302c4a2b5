import { defineConfig } from '@playwright/test'
import base from '../playwright.config'

export default defineConfig(base, {
  testDir: '.',
  testMatch: 'endurance.ts',
  outputDir: '../test-results/endurance',
  timeout: 0,
  use: { ...base.use, trace: 'off' },
})
