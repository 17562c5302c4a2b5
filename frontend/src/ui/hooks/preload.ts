const waiting: (() => Promise<unknown>)[] = []

/** Registers the loader of a part of the page: it runs when needed, or earlier when the browser is idle. */
export function preloadable<T>(load: () => Promise<T>): () => Promise<T> {
  waiting.push(load)
  return load
}

/** Preloads all parts one by one, so that they open immediately, even without the server. */
export function preloadParts() {
  const idle = window.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 200))
  idle(async () => {
    const load = waiting.shift()
    if (!load) return
    await load().catch(() => {}) // it is loaded again when needed
    preloadParts()
  })
}
