// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { readOnlyEn } from '../../i18n/readOnly.en'
import type { Session } from '../../model/api/types'
import { SessionProvider } from '../../model/session/session'
import ReadOnlyBanner from './ReadOnlyBanner'

afterEach(() => vi.unstubAllGlobals())

function drawFor(role: Session['role'], readOnly: boolean) {
  const answer = vi.fn(async () => new Response(JSON.stringify({ read_only: readOnly })))
  vi.stubGlobal('fetch', answer)
  const session: Session = { username: 'ada', role, locale: 'en', tenants: [] }
  draw(
    <QueryClientProvider client={new QueryClient()}>
      <SessionProvider value={session}>
        <ReadOnlyBanner />
      </SessionProvider>
    </QueryClientProvider>,
  )
  return answer
}

test('a read-only log is said, and where admins find the reason', async () => {
  drawFor('admin', true)
  expect((await screen.findByRole('alert')).textContent).toBe(`${readOnlyEn.readOnly} ${readOnlyEn.readOnlyReason}`)
})

test('auditors are not sent to a page that they do not have', async () => {
  drawFor('auditor', true)
  expect((await screen.findByRole('alert')).textContent).toBe(readOnlyEn.readOnly)
})

test('nothing is said while the log is recorded', async () => {
  const answer = drawFor('admin', false)
  await waitFor(() => expect(answer).toHaveBeenCalled())
  expect(screen.queryByRole('alert')).toBeNull()
})
