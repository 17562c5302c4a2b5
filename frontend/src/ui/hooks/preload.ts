const waiting: (() => Promise<unknown>)[] = []

/** Marks what reads a part of the page: it is read when it is wanted, or before that, once the browser has time for it. */
export function preloadable<T>(load: () => Promise<T>): () => Promise<T> {
  waiting.push(load)
  return load
}

/** Reads all parts, one after another, so that they open at once, and also when the server is gone by then. */
export function preloadParts() {
  const idle = window.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 200))
  idle(async () => {
    const load = waiting.shift()
    if (!load) return
    await load().catch(() => {}) // who wants it asks again
    preloadParts()
  })
}
