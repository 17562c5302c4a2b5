import { expect, test } from 'vitest'
import { safeReturn, signInPath } from './returnTo'

test('after signing in one is back at the same address', () => {
  const here = '/t/lanwan/log/01JD?operation=delete&range=today'
  const next = new URL(signInPath(here), 'http://x').searchParams.get('next')
  expect(safeReturn(next)).toBe(here)
  expect(signInPath('/')).toBe('/sign-in')
})

test.each([null, '', 'https://elsewhere', '//elsewhere', '/\\elsewhere', 'javascript:alert(1)', '/sign-in?next=/x'])(
  '%s leads to the start',
  (next) => {
    expect(safeReturn(next)).toBe('/')
  },
)
