import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { budget } from './build/budget'
import { preload } from './build/preload'
import { startBundle } from './build/startBundle'

const api = process.env.OPLOG_API ?? 'http://127.0.0.1:8484'

export default defineConfig({
  base: './', // the server writes its base path into the page
  plugins: [react(), preload('start'), budget(153_000)],
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    target: 'es2022',
    // The server forbids inline script; the polyfill would be one.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: { groups: startBundle() },
        // The first load names all parts that load later, so a name is not longer than it takes to be another one after each change.
        entryFileNames: 'assets/[name]-[hash:7].js',
        chunkFileNames: 'assets/[name]-[hash:7].js',
        assetFileNames: 'assets/[name]-[hash:7][extname]',
      },
    },
  },
  server: {
    proxy: {
      '/api': {
        target: api,
        changeOrigin: true,
        // The server takes writes from its own pages only, and in development this page stands elsewhere.
        headers: { origin: api },
      },
    },
  },
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'build/**/*.test.ts'],
    testTimeout: 20_000, // components are slow on a busy machine
  },
})
