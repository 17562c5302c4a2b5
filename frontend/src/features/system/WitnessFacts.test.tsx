// @vitest-environment happy-dom
import { screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { draw } from '../../../build/draw'
import { adminEn } from '../../i18n/admin.en'
import { WitnessFacts } from './WitnessFacts'

const messages = adminEn.system

test('owners see the witnesses, and a warning for each that refuses or is silent', async () => {
  const time = '2026-11-23T01:00:00Z'
  const url = 'https://w.example'
  draw(
    <WitnessFacts
      zone="UTC"
      witnesses={[
        { name: 'auditor', key: 'a', state: 'ok', url, cosigned_at: time },
        { name: 'new', key: 'b', state: 'ok', url },
        { name: 'second', key: 'c', state: 'refused', url, failing_since: time, failure: 'it answered 422: rewritten' },
        { name: 'third', key: 'd', state: 'silent', url },
      ]}
    />,
  )
  expect(await screen.findByText(messages.witnessed('2026-11-23 01:00:00'))).toBeTruthy()
  expect(screen.getByText(messages.notWitnessed)).toBeTruthy()
  const [refused, silent, ...more] = screen.getAllByRole('alert').map((alert) => alert.textContent)
  expect(refused).toBe(
    `${messages.witnessRefuses} ${messages.witnessSince('2026-11-23 01:00:00')}it answered 422: rewritten`,
  )
  expect(silent).toBe(messages.witnessSilent)
  expect(more).toEqual([])
})

test('without witnesses, how to have some is said', async () => {
  draw(<WitnessFacts zone="UTC" witnesses={undefined} />)
  expect(await screen.findByText(messages.noWitness)).toBeTruthy()
})
