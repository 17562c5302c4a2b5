import { type CDPSession, expect, test } from '@playwright/test'
import { demoLog, open } from './console'
import { Program } from './program'

// How much memory the log takes after a long time of live mode: `MINUTES=30 npm run endurance`. It is no test of
// `make test`, for it takes as long as it says.

const minutes = Number(process.env.MINUTES ?? 10)
const perSecond = 10
const program = new Program()

test.beforeAll(async () => {
  await program.start(['demo', '--entries', '5000'])
})

test.afterAll(() => program.dispose())

test(`live for ${minutes} minutes at ${perSecond} entries a second`, async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=today`)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  const key = /Bearer ([^']+)'/.exec(program.printed)?.[1] ?? ''

  /** Records as a busy system does; now and then the reader looks at what is new. */
  async function feed(seconds: number) {
    for (let second = 1; second <= seconds; second++) {
      const next = Date.now() + 1000
      const entries = Array.from({ length: perSecond }, (_, i) => ({
        user: { id: `u_${i}`, name: `User ${i}` },
        module: 'email',
        operation: 'send',
        content: { id: `eml_${second}_${i}`, name: `Letter ${second} to ${i}` },
      }))
      await program.call(key, '/tenants/demo/entries', { method: 'POST', body: JSON.stringify({ entries }) })
      if (second % 30 === 0) await page.keyboard.press('.')
      await page.waitForTimeout(Math.max(0, next - Date.now()))
    }
  }

  await feed(60) // warm
  const before = await heap(cdp)
  let last = before
  for (let minute = 1; minute <= minutes; minute++) {
    await feed(60)
    last = await heap(cdp)
    console.log(
      `after ${minute} min: ${mib(last)}, ${(last / before).toFixed(2)} times the ${mib(before)} of the start`,
    )
  }
  await expect(page.locator('.pill, .log-row').first()).toBeVisible()
  expect(last / before).toBeLessThan(1.2)
})

/** Bytes of live JavaScript objects. */
async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
