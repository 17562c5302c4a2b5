import { type ComponentType, lazy, useState } from 'react'

const waiting: (() => Promise<unknown>)[] = []

type Part<Props> = ComponentType<Props> & {
  /** Loads it; from then on it is drawn immediately. */
  preload: () => Promise<unknown>
}

/** A part of the page that is loaded when it is first drawn, or earlier when the browser is idle. */
export function preloadable<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): Part<Props> {
  let loaded: ComponentType<Props> | undefined
  const preload = async () => {
    const module = await load()
    loaded = module.default
    return module
  }
  const Late = lazy(preload) as ComponentType<Props>
  preloadLater(preload)

  function Part(props: Props) {
    // A lazy component suspends even if its module is loaded, and React then shows the fallback for 300 ms.
    const [Drawn] = useState(() => loaded ?? Late)
    return <Drawn {...props} />
  }
  return Object.assign(Part, { preload })
}

/** Registers a loader to run when the browser is idle. */
export function preloadLater(read: () => Promise<unknown>) {
  waiting.push(read)
}

/** Preloads all parts one by one, so that they open immediately, even without the server. */
export function preloadParts() {
  const idle = window.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 200))
  idle(async () => {
    const read = waiting.shift()
    if (!read) return
    await read().catch(() => {}) // it is loaded again when needed
    preloadParts()
  })
}
