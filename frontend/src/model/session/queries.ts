import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type LocaleTag, loadMessages, rememberLanguage } from '../../i18n/dictionaries'
import { isProblem } from '../../lib/problem'
import { call } from '../api/http'
import { sessionPath } from '../api/prefetch'
import { queryKeys } from '../api/queryKeys'
import type { Session } from '../api/types'

/** Also loads the messages of the account's language, so that everything is drawn in it from the start. */
export async function withMessages(answer: Promise<Session>): Promise<Session> {
  const session = await answer
  await loadMessages(session.locale)
  rememberLanguage(session.locale)
  return session
}

/** The language of the account, once it is signed in; until then a page has the one that was chosen on it. */
export function accountLanguage(session: Session | null | undefined): LocaleTag | undefined {
  return session?.second_factor ? undefined : session?.locale
}

/** The current session; null if signed out. */
export function useSessionQuery() {
  return useQuery({
    queryKey: queryKeys.session,
    queryFn: async ({ signal }): Promise<Session | null> => {
      try {
        return await withMessages(call<Session>(sessionPath, { signal }))
      } catch (error) {
        if (isProblem(error, 401)) return null
        throw error
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
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

export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<{ continue: string } | undefined>(sessionPath, { method: 'DELETE' }),
    onSuccess: (left) => {
      if (left) location.href = left.continue // to sign out of the identity provider, too
      // The data of one account must not be visible to the next one in the same browser.
      client.removeQueries({ queryKey: ['tenant'] })
      client.setQueryData(queryKeys.left, true)
      client.setQueryData(queryKeys.session, null)
    },
  })
}

/** Changes the own password; all other sessions of the account end. */
export function useChangePassword() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (passwords: { password: string; old_password: string }) =>
      call<Session>(sessionPath, { method: 'PATCH', body: passwords }),
    onSuccess: (session) => {
      client.removeQueries({ queryKey: queryKeys.sessions })
      client.setQueryData(queryKeys.session, session)
    },
  })
}

/** Saves the language with the account; the screen has changed before the answer. */
export function useSaveLanguage() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (locale: LocaleTag) =>
      call<Session>(sessionPath, { method: 'PATCH', body: { locale }, keepalive: true }),
    onMutate: async (locale) => {
      await loadMessages(locale)
      rememberLanguage(locale)
      client.setQueryData<Session | null>(queryKeys.session, (session) => (session ? { ...session, locale } : session))
    },
  })
}
