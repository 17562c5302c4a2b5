import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const compressible = /\.(js|css|svg|json)$/

/**
 * Writes a .gz and a .br beside every asset, so that the server never compresses at run time.
 * The same input gives the same bytes: gzip's header carries no time, and its "made on" byte is fixed.
 */
export function precompress(): Plugin {
  let assets = ''
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      assets = join(config.root, config.build.outDir, config.build.assetsDir)
    },
    closeBundle() {
      for (const name of readdirSync(assets)) {
        if (!compressible.test(name)) continue
        const path = join(assets, name)
        const bytes = readFileSync(path)
        writeFileSync(`${path}.gz`, gzip(bytes))
        writeFileSync(`${path}.br`, brotli(bytes))
      }
    },
  }
}

export function gzip(bytes: Buffer): Buffer {
  const out = gzipSync(bytes, { level: 9 })
  out[9] = 255 // "unknown operating system", whatever machine builds
  return out
}

export function brotli(bytes: Buffer): Buffer {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}
