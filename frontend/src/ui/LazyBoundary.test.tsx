// @vitest-environment happy-dom
import { lazy } from 'react'
import { expect, test, vi } from 'vitest'
import { draw } from '../../build/draw'
import { LazyBoundary } from './LazyBoundary'

test('Escape closes a popup that is still being loaded', async () => {
  const close = vi.fn()
  const Never = lazy(() => new Promise<never>(() => {}))
  const { person } = draw(
    <LazyBoundary onEscape={close}>
      <Never />
    </LazyBoundary>,
  )
  await person.keyboard('x{Escape}')
  expect(close).toHaveBeenCalledOnce()
})
