import { expect, type Page, test } from '@playwright/test'
import { demoLog, open } from './console'
import { Program } from './program'

// Whether rows are there as fast as the log is scrolled, and how long its frames take: `npm run scrolling`, or at
// another speed and over a network `ROWS_PER_SECOND=400 LATENCY=100 npm run scrolling`. It is no test of `make test`,
// for it depends on the machine.

const speed = Number(process.env.ROWS_PER_SECOND ?? 200)
const latency = Number(process.env.LATENCY ?? 0) // milliseconds
const wanted = 10_000
const rowHeight = 45
const program = new Program()

test.beforeAll(() => program.start(['demo', '--entries', '100000']))

test.afterAll(() => program.dispose())

test(`${wanted} rows by the wheel, ${speed} a second, and the scrollbar dragged through them`, async ({ page }) => {
  await open(page, `${program.url}${demoLog}?range=last_90_days`)
  await expect(page.getByRole('row').nth(9)).toBeVisible()
  await expect(page.getByRole('table')).toHaveAttribute('aria-rowcount', /\d{5}/)
  expect(Number(await page.getByRole('table').getAttribute('aria-rowcount'))).toBeGreaterThan(20_000)
  await page.getByRole('row').nth(5).hover()
  const cdp = await page.context().newCDPSession(page)
  const unlimited = { offline: false, downloadThroughput: -1, uploadThroughput: -1 }
  await cdp.send('Network.emulateNetworkConditions', { ...unlimited, latency })
  await watch(page)
  const began = Date.now()
  let sent = 0
  while ((await page.evaluate(() => window.seen.row)) < wanted) {
    const due = ((Date.now() - began) / 1000) * speed * rowHeight
    if (due - sent < 100) await page.waitForTimeout(4)
    else {
      // A hand gives up where nothing moves: what is left behind is not caught up with.
      const step = Math.min(due - sent, 600)
      sent = due
      await page.mouse.wheel(0, step)
    }
  }
  const seconds = (Date.now() - began) / 1000
  const wheel = await seen(page)
  report(`wheel: ${wheel.row} rows in ${seconds.toFixed(1)} s`, wheel)

  await watch(page)
  await drag(page)
  const dragged = await seen(page)
  report('scrollbar', dragged)
  expect(wheel.blank).toBeLessThanOrEqual(100)
  expect(dragged.blank).toBeLessThanOrEqual(100)
})

interface Seen {
  /** The longest time without a text in a place that has a row, in milliseconds. */
  blank: number
  /** The last row that was in view. */
  row: number
  /** How long each frame took, in milliseconds. */
  frames: number[]
}

declare global {
  interface Window {
    seen: Seen
    stopWatching?: () => void
  }
}

const seen = (page: Page) => page.evaluate(() => window.seen)

/**
 * Looks in every frame whether rows with a text cover the view. The browser scrolls what is drawn while the page
 * still works at what comes next; so the time from one frame to the next counts as blank, too, when the rows of the
 * first did not reach as far as the second had scrolled.
 */
function watch(page: Page): Promise<void> {
  return page.evaluate(() => {
    window.stopWatching?.()
    const scroller = document.querySelector('.log-scroll')
    const head = document.querySelector('.log-head')
    if (!scroller || !head) throw new Error('there is no log')
    const found: Seen = { blank: 0, row: 0, frames: [] }
    let last: number | undefined
    let since: number | undefined
    let drawn: [number, number][] = []
    let going = true
    window.seen = found
    window.stopWatching = () => {
      going = false
    }

    /** The stretches of the scrolled content that rows with a text cover. */
    function draw(): [number, number][] {
      const rows: [number, number][] = []
      for (const row of scroller?.querySelectorAll<HTMLElement>('.log-row') ?? []) {
        const { top, bottom } = row.getBoundingClientRect()
        const offset = scroller?.scrollTop ?? 0
        const name = row.querySelector('.cell-user')?.textContent
        if (name && row.querySelector('.cell-time')?.textContent) rows.push([top + offset, bottom + offset])
        if (bottom <= (scroller?.getBoundingClientRect().bottom ?? 0))
          found.row = Math.max(found.row, Number(row.dataset.index) + 1)
      }
      return rows.sort(([a], [b]) => a - b)
    }

    function covers(rows: [number, number][], from: number, to: number): boolean {
      let reached = from
      for (const [top, bottom] of rows) if (top <= reached + 1) reached = Math.max(reached, bottom)
      return reached >= to - 1
    }

    function frame(now: number) {
      if (!going || !scroller || !head) return
      const from = head.getBoundingClientRect().bottom + scroller.scrollTop
      const to = scroller.getBoundingClientRect().bottom + scroller.scrollTop
      const before = drawn
      drawn = draw()
      if (last !== undefined) {
        found.frames.push(now - last)
        const whole = covers(drawn, from, to)
        if (since !== undefined) found.blank = Math.max(found.blank, now - since)
        else if (!whole || !covers(before, from, to)) found.blank = Math.max(found.blank, now - last)
        since = whole ? undefined : (since ?? last)
      }
      last = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
}

/** Up and down again through all that is loaded, a long way in each frame, and then here and there. */
function drag(page: Page): Promise<void> {
  return page.evaluate(async (height) => {
    const scroller = document.querySelector('.log-scroll')
    if (!scroller) throw new Error('there is no log')
    const length = 9_500 * height // what follows is not loaded yet
    const next = () => new Promise(requestAnimationFrame)
    const steps = 180
    for (let step = 0; step <= 2 * steps; step++) {
      scroller.scrollTop = (Math.abs(steps - step) / steps) * length
      await next()
    }
    for (let jump = 0; jump < 60; jump++) {
      scroller.scrollTop = ((jump * 37) % 60) * (length / 60)
      for (let wait = 0; wait < 4; wait++) await next()
    }
  }, rowHeight)
}

function report(what: string, { blank, frames }: Seen) {
  const sorted = frames.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0).toFixed(1)
  console.log(
    `${what}; longest without a text ${blank.toFixed(1)} ms; ${sorted.length} frames, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
  )
}
