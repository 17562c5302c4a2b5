// @vitest-environment happy-dom
import { screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { draw } from '../../../build/draw'
import { exportsEn } from '../../i18n/exports.en'
import type { Export } from '../../model/api/types'
import { Running } from './ExportList'

const one: Export = {
  id: 'x',
  status: 'running',
  rows_done: 256,
  rows_total: 600,
  format: 'csv',
  range: 'last_90_days',
  filters: {},
  file_name: 'x.csv',
  size: 0,
  created_by: {},
  created_at: '2026-11-20T08:40:00Z',
}

test('an export says that it waits for the archive, as long as it does', () => {
  const { rerender } = draw(<Running one={one} onCancel={() => {}} />)
  expect(screen.getByText('256 of 600')).toBeTruthy()
  rerender(<Running one={{ ...one, waiting: 'archive' }} onCancel={() => {}} />)
  expect(screen.getByText(`256 of 600 · ${exportsEn.exportWaits}`)).toBeTruthy()
})
