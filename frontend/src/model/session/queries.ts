import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import type { LocaleTag } from '../../i18n/language'
import { rememberLanguage } from '../../i18n/language'
import { isProblem } from '../../lib/problem'
import { call } from '../api/http'
import { queryKeys } from '../api/queryKeys'
import type { Session } from '../api/types'
import { makeWriteKey } from '../api/writeKey'
import { settingsPath } from './permissions'

const path = '/api/v1/session'

/** The current session; null if signed out. */
export function useSessionQuery() {
  return useQuery({
    queryKey: queryKeys.session,
    queryFn: async ({ signal }): Promise<Session | null> => {
      try {
        return await call<Session>(path, { signal })
      } catch (error) {
        if (isProblem(error, 401)) return null
        throw error
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function useSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (words: { username: string; password: string; locale: LocaleTag }) =>
      call<Session>(path, { method: 'POST', body: words }),
    onSuccess: (session) => {
      rememberLanguage(session.locale)
      if (client.getQueryData(queryKeys.ended) !== session.username) client.removeQueries({ queryKey: ['tenant'] })
      client.removeQueries({ queryKey: queryKeys.left })
      client.setQueryData(queryKeys.session, session)
    },
  })
}

/** Whether setup is required: there are no accounts yet. */
export function useSetupNeeded(ask: boolean) {
  return useQuery({
    queryKey: queryKeys.setup,
    queryFn: async ({ signal }) => (await call<{ needed: boolean }>('/api/v1/setup', { signal })).needed,
    enabled: ask,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

interface FirstRun {
  code: string
  username: string
  password: string
  locale: LocaleTag
  tenant: { id: string; name: string; time_zone: string; data_permission: boolean }
  /** The name of the first write key. */
  keyName: string
}

/** Creates the first owner and tenant, and signs the owner in. */
export function useSetUp() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: async ({ keyName, ...first }: FirstRun) => {
      const session = await call<Session>('/api/v1/setup', { method: 'POST', body: first })
      // With a key the page that follows has a line that is ready to run; without one it offers to make it.
      const key = await makeWriteKey(first.tenant.id, keyName).catch(() => undefined)
      return { session, key }
    },
    onSuccess: ({ session, key }, { tenant }) => {
      client.setQueryData(queryKeys.madeKey(tenant.id), key)
      navigate(settingsPath(tenant.id, 'integration'), { replace: true }) // the code in the URL is no longer needed
      client.setQueryData(queryKeys.session, session)
    },
  })
}

export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<void>(path, { method: 'DELETE' }),
    onSuccess: () => {
      // The data of one account must not be visible to the next one in the same browser.
      client.removeQueries({ queryKey: ['tenant'] })
      client.setQueryData(queryKeys.left, true)
      client.setQueryData(queryKeys.session, null)
    },
  })
}

/** Saves the language with the account; the screen has changed before the answer. */
export function useSaveLanguage() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (locale: LocaleTag) => call<Session>(path, { method: 'PATCH', body: { locale }, keepalive: true }),
    onMutate: (locale) => {
      rememberLanguage(locale)
      client.setQueryData<Session | null>(queryKeys.session, (session) => (session ? { ...session, locale } : session))
    },
  })
}
