import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import type { LocaleTag } from '../../i18n/dictionaries'
import { call } from '../../model/api/http'
import { sessionPath } from '../../model/api/prefetch'
import { queryKeys } from '../../model/api/queryKeys'
import type { Provider, Session } from '../../model/api/types'
import { makeWriteKey } from '../../model/api/writeKey'
import { settingsPath } from '../../model/session/permissions'
import { withMessages } from '../../model/session/queries'

export function useSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (credentials: { username: string; password: string; source?: string; locale: LocaleTag }) =>
      withMessages(call<Session>(sessionPath, { method: 'POST', body: credentials })),
    onSuccess: (session) => {
      if (client.getQueryData(queryKeys.ended) !== session.username) client.removeQueries({ queryKey: ['tenant'] })
      client.removeQueries({ queryKey: queryKeys.left })
      client.setQueryData(queryKeys.session, session)
    },
  })
}

/** The directories and identity providers that sign people in; none until the server answers, as for a log without any. */
export function useProviders(): Provider[] {
  const { data } = useQuery({
    queryKey: ['providers'],
    queryFn: async ({ signal }) =>
      (await call<{ providers: Provider[] }>('/api/v1/session/providers', { signal })).providers,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return data ?? []
}

interface FirstRun {
  code: string
  username: string
  password: string
  locale: LocaleTag
  tenant: { id: string; name: string; time_zone: string; data_permission: boolean }
  /** What the first write key is called. */
  keyName: string
}

/** Makes the first owner, who is then signed in, and the first tenant. */
export function useSetUp() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: async ({ keyName, ...first }: FirstRun) => {
      const session = await withMessages(call<Session>('/api/v1/setup', { method: 'POST', body: first }))
      // With a key the page that follows has a line that is ready to run; without one it offers to make it.
      const key = await makeWriteKey(first.tenant.id, keyName).catch(() => undefined)
      return { session, key }
    },
    onSuccess: ({ session, key }, { tenant }) => {
      client.setQueryData(queryKeys.createdKey(tenant.id), key)
      navigate(settingsPath(tenant.id, 'integration'), { replace: true }) // the code in the address has done its work
      client.setQueryData(queryKeys.session, session)
    },
  })
}
