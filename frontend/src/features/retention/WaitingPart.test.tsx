// @vitest-environment happy-dom
import { screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { adminEn } from '../../i18n/admin.en'
import type { Tenant, Waiting } from '../../model/api/types'
import { WaitingPart } from './WaitingPart'

const messages = adminEn.retention
const tenant = { id: 'acme', name: 'Acme', time_zone: 'UTC' } as unknown as Tenant
const waits = (of: string): Waiting => ({
  tenant: of,
  access: true,
  reason: 'clock',
  clock: '2036-11-17T08:42:00Z',
  known: '2026-11-20T08:42:00Z',
  dates: 2,
  entries: 3,
})

test('the installation’s access log is named, and has a button', async () => {
  const agree = vi.fn()
  const { person } = draw(<WaitingPart tenant={tenant} waiting={[waits(''), waits('acme')]} onAgree={agree} />)
  expect(screen.getByText(messages.wouldGo(messages.ofInstallation, '3', '2'))).toBeTruthy()
  expect(screen.getByText(messages.wouldGo(messages.ofAccess, '3', '2'))).toBeTruthy()
  const [first] = screen.getAllByRole('button', { name: messages.agreeClock })
  if (first) await person.click(first)
  expect(agree).toHaveBeenCalledWith(waits(''))
})
