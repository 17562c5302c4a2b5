import { cleanup, configure, render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { afterEach, vi } from 'vitest'
import { loadMessages } from '../src/i18n/dictionaries'
import { LanguageProvider } from '../src/i18n/language'

configure({ asyncUtilTimeout: 4000 }) // a busy machine draws late
afterEach(cleanup)
await loadMessages('en')

/** Draws a component in English, and gives the person who uses it. */
export function draw(element: ReactElement) {
  const person = userEvent.setup()
  const drawn = render(element, { wrapper: ({ children }) => <LanguageProvider tag="en">{children}</LanguageProvider> })
  return { person, ...drawn }
}

/** Gives every element a size: without one, a list that draws only the rows in view draws none. */
export function layOut(width: number, height: number) {
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(width)
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(height)
}
