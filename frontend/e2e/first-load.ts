import { test } from '@playwright/test'
import { demoLog, open } from './console'
import { Program } from './program'

// How long the log takes to show its rows, with nothing in the browser's cache and a processor four times slower:
// `npm run first-load`, with a million entries. It is no test of `make test`, for a figure depends on the machine.

const entries = process.env.ENTRIES ?? '1000000'
const loads = 10
const program = new Program()

test.beforeAll(() => program.start(['demo', '--entries', entries]))

test.afterAll(() => program.dispose())

test(`the log of ${entries} entries, first load`, async ({ page, context }) => {
  await open(page, `${program.url}${demoLog}`)
  await page.waitForTimeout(10_000) // the server has segments to merge after so many entries
  await page.close()
  await context.addInitScript(() => {
    const observer = new MutationObserver(() => {
      if (document.querySelectorAll('[role=row]').length < 6) return
      observer.disconnect()
      requestAnimationFrame(() => {
        const painted = new MessageChannel() // heard after the frame has been drawn
        painted.port1.onmessage = () => performance.mark('rows')
        painted.port2.postMessage(0)
      })
    })
    observer.observe(document, { childList: true, subtree: true })
  })
  const times: number[] = []
  for (let i = 0; i < loads; i++) {
    const tab = await context.newPage()
    const cdp = await context.newCDPSession(tab)
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 })
    await cdp.send('Network.clearBrowserCache')
    await tab.goto(`${program.url}${demoLog}`, { waitUntil: 'commit' })
    await tab.waitForTimeout(4000) // asking earlier would take part of the processor
    times.push(await tab.evaluate(() => performance.getEntriesByName('rows')[0]?.startTime ?? Number.NaN))
    await tab.close()
  }
  times.sort((a, b) => a - b)
  const ms = (time = Number.NaN) => Math.round(time)
  console.log(`rows drawn after ${ms(times[loads / 2])} ms (median), ${ms(times[0])} to ${ms(times.at(-1))} ms`)
})
