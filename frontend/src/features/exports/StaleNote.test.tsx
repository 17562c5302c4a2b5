// @vitest-environment happy-dom
import { screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { en } from '../../i18n/en'
import { exportsEn } from '../../i18n/exports.en'
import type { ExportsMessages } from '../../i18n/exportsMessages'
import { readOnlyEn } from '../../i18n/readOnly.en'
import { exactExportPeriod } from './describe'
import { StaleNote } from './StaleNote'

afterEach(() => vi.useRealTimers())

const since = '2026-11-18T10:52:07Z'
const lost = { since, nodes: 3, unreachable: 2 }

test('without a quorum an export says the time of its data, and that none can start', () => {
  vi.useFakeTimers({ now: Date.parse('2026-11-18T11:02:10Z'), toFake: ['Date'] })
  draw(<StaleNote of={lost} zone="Asia/Shanghai" />)
  expect(screen.getByRole('status').textContent).toBe(`This node's data ends at 18:52:07. ${readOnlyEn.exportLater}`)
})

test('of data of unknown age that is said', () => {
  draw(<StaleNote of={{ nodes: 3, unreachable: 2 }} zone="Asia/Shanghai" />)
  expect(screen.getByRole('status').textContent).toBe(`${readOnlyEn.asOfUnknown} ${readOnlyEn.exportLater}`)
})

test('the period of an export ends where the data does', () => {
  const day = { from: '2026-11-17T16:00:00Z', to: '2026-11-18T16:00:00Z' }
  const text = (stale?: typeof lost) => exactExportPeriod(day, 'UTC', { ...en, ...exportsEn } as ExportsMessages, stale)
  expect(text(lost)).toBe('2026-11-17 16:00:00 to 2026-11-18 10:52:07, UTC (UTC)')
  expect(text()).toBe('2026-11-17 16:00:00 to 2026-11-18 16:00:00, UTC (UTC)')
})
