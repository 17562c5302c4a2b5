// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { choicesEn } from '../../i18n/choices.en'
import { queryKeys } from '../../model/api/queryKeys'
import type { ApiKey, Session } from '../../model/api/types'
import { noFilters } from '../../model/log/filters'
import { SessionProvider } from '../../model/session/session'
import { KeyChoices } from './KeyChoices'

const keys = [
  { id: 'oplog_write_1', name: 'CRM', scope: 'write' },
  { id: 'oplog_read_2', name: 'report', scope: 'read' },
] as ApiKey[]

function choices(role: Session['role'], chosen: string[] = []) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } })
  client.setQueryData(queryKeys.apiKeys('acme'), keys)
  const onFilters = vi.fn()
  const drawn = draw(
    <QueryClientProvider client={client}>
      <SessionProvider value={{ role } as Session}>
        <KeyChoices tenant="acme" filters={{ ...noFilters, key: chosen }} onFilters={onFilters} />
      </SessionProvider>
    </QueryClientProvider>,
  )
  return { ...drawn, onFilters }
}

test('an admin chooses among the keys that record', async () => {
  const { person, onFilters } = choices('admin')
  expect(screen.queryByText(/report/)).toBeNull()
  await person.click(screen.getByRole('checkbox', { name: /CRM \(oplog_write_1\)/ }))
  expect(onFilters).toHaveBeenCalledWith({ ...noFilters, key: ['oplog_write_1'] })
})

test('an auditor sees no names of keys, and the ids of the address', () => {
  choices('auditor')
  expect(screen.getByText(choicesEn.keysOfEntries)).toBeDefined()
  choices('auditor', ['oplog_write_1'])
  expect(screen.getByRole('checkbox', { name: /oplog_write_1/ })).toBeDefined()
  expect(screen.queryByText(/CRM/)).toBeNull()
})
