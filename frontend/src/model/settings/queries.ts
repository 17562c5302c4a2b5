import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call, tenantPath } from '../api/http'
import { queryKeys } from '../api/queryKeys'
import type {
  Account,
  AccountChange,
  AccountKey,
  ClosedAccount,
  CreatedKey,
  NewAccount,
  NewKey,
  NewTenant,
  OwnSession,
  RemovedTenant,
  TenantChange,
  TenantSettings,
} from '../api/types'

const accountsPath = '/api/v1/accounts'
const tenantsPath = '/api/v1/tenants'

/** A mutation that invalidates queries. */
export function useChange<Sent, Answer>(change: (sent: Sent) => Promise<Answer>, ...changed: (readonly unknown[])[]) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all(changed.map((queryKey) => client.invalidateQueries({ queryKey }))),
  })
}

/** The accounts of a tenant; for owners also those of owners, who belong to every tenant. */
export function useAccounts(tenant: string) {
  return useQuery({
    queryKey: queryKeys.accounts(tenant),
    queryFn: async ({ signal }) => {
      const { accounts } = await call<{ accounts: Account[] }>(accountsPath, { signal })
      return accounts.filter((account) => !account.tenant || account.tenant === tenant)
    },
  })
}

export function useAddAccount(tenant: string) {
  return useChange(
    (account: NewAccount) => call<Account>(accountsPath, { method: 'POST', body: account }),
    queryKeys.accounts(tenant),
  )
}

export function useChangeAccount(tenant: string) {
  return useChange(
    ({ username, change }: { username: string; change: AccountChange }) =>
      call<Account>(`${accountsPath}/${encodeURIComponent(username)}`, { method: 'PATCH', body: change }),
    queryKeys.accounts(tenant),
  )
}

export function useAccountSessions(tenant: string, username: string) {
  return useQuery({
    queryKey: queryKeys.accountSessions(tenant, username),
    queryFn: async ({ signal }) =>
      (await call<{ sessions: OwnSession[] }>(accountPath(username, 'sessions'), { signal })).sessions,
    staleTime: 0,
  })
}

export function useEndAccountSessions(tenant: string) {
  return useChange(
    (username: string) => call<void>(accountPath(username, 'sessions'), { method: 'DELETE' }),
    queryKeys.accounts(tenant),
  )
}

export function useUnlockAccount(tenant: string) {
  return useChange(
    (username: string) => call<void>(accountPath(username, 'lock'), { method: 'DELETE' }),
    queryKeys.accounts(tenant),
  )
}

export function useRemoveAccountFactor(tenant: string) {
  return useChange(
    (username: string) => call<void>(accountPath(username, 'second-factor'), { method: 'DELETE' }),
    queryKeys.accounts(tenant),
  )
}

/** The keys in use that an account made. */
export function useAccountKeys(tenant: string, username: string) {
  return useQuery({
    queryKey: [...queryKeys.accounts(tenant), username, 'keys'],
    queryFn: async ({ signal }) => (await call<{ keys: AccountKey[] }>(accountPath(username, 'keys'), { signal })).keys,
    staleTime: 0,
  })
}

export function useCloseAccount(tenant: string) {
  return useChange(
    ({ username, revoke }: { username: string; revoke: boolean }) =>
      call<ClosedAccount>(`${accountsPath}/${encodeURIComponent(username)}?revoke_keys=${revoke}`, {
        method: 'DELETE',
      }),
    queryKeys.accounts(tenant),
    queryKeys.apiKeys(tenant),
    queryKeys.views(tenant),
  )
}

function accountPath(username: string, part: string): string {
  return `${accountsPath}/${encodeURIComponent(username)}/${part}`
}

export function useAddKey(tenant: string) {
  return useChange(
    (key: NewKey) => call<CreatedKey>(tenantPath(tenant, 'keys'), { method: 'POST', body: key }),
    queryKeys.apiKeys(tenant),
  )
}

export function useRevokeKey(tenant: string) {
  return useChange(
    (id: string) => call<void>(tenantPath(tenant, `keys/${encodeURIComponent(id)}`), { method: 'DELETE' }),
    queryKeys.apiKeys(tenant),
  )
}

export function useTenants() {
  return useQuery({
    queryKey: queryKeys.tenants,
    queryFn: async ({ signal }) => (await call<{ tenants: TenantSettings[] }>(tenantsPath, { signal })).tenants,
  })
}

export function useAddTenant() {
  return useChange(
    (tenant: NewTenant) => call<TenantSettings>(tenantsPath, { method: 'POST', body: tenant }),
    queryKeys.tenants,
    queryKeys.session, // which names the tenants that one may see
  )
}

export function useChangeTenant() {
  return useChange(
    ({ id, change }: { id: string; change: TenantChange }) =>
      call<TenantSettings>(`${tenantsPath}/${encodeURIComponent(id)}`, { method: 'PATCH', body: change }),
    queryKeys.tenants,
    queryKeys.session,
  )
}

export function useRemovedTenants() {
  return useQuery({
    queryKey: [...queryKeys.tenants, 'removed'],
    queryFn: async ({ signal }) =>
      (await call<{ tenants: RemovedTenant[] }>('/api/v1/removed-tenants', { signal })).tenants,
  })
}

export function useRemoveTenant() {
  return useChange(
    (id: string) =>
      call<RemovedTenant>(`${tenantsPath}/${encodeURIComponent(id)}`, { method: 'DELETE', body: { confirm: id } }),
    queryKeys.tenants,
    queryKeys.session,
  )
}

export function useOwnSessions() {
  return useQuery({
    queryKey: queryKeys.sessions,
    queryFn: async ({ signal }) => (await call<{ sessions: OwnSession[] }>('/api/v1/sessions', { signal })).sessions,
    staleTime: 0,
  })
}

export function useSignOutEverywhere() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<void>('/api/v1/sessions', { method: 'DELETE' }),
    onSuccess: () => {
      client.removeQueries({ queryKey: ['tenant'] })
      client.setQueryData(queryKeys.left, true)
      client.setQueryData(queryKeys.session, null)
    },
  })
}
