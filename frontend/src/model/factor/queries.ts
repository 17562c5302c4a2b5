import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ApiProblem } from '../../lib/problem'
import { call } from '../api/http'
import { sessionPath } from '../api/prefetch'
import { queryKeys } from '../api/queryKeys'
import type { NewTOTP, SecondFactor, Session, StepUp } from '../api/types'
import { withMessages } from '../session/queries'

export const factorPath = `${sessionPath}/second-factor`
const totpPath = `${factorPath}/totp`

/** The second factors of the person signed in. */
export function useSecondFactor() {
  return useQuery({
    queryKey: queryKeys.secondFactor,
    queryFn: ({ signal }) => call<SecondFactor>(factorPath, { signal }),
    staleTime: 0,
  })
}

/** Whether signing in takes more than the password. */
export function isOn(factor: SecondFactor): boolean {
  return factor.totp || factor.passkeys.length > 0
}

/** Completes a sign-in that waits for the second factor. */
export function useFinishSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (proof: { code: string } | { recovery_code: string }) =>
      withMessages(call<Session>(factorPath, { method: 'POST', body: proof })),
    onSuccess: (session) => client.setQueryData(queryKeys.session, session),
  })
}

/** Makes a secret for an authenticator app, which is in use once it is confirmed. */
export function useBeginTotp() {
  return useMutation({ mutationFn: (proof: StepUp) => call<NewTOTP>(totpPath, { method: 'POST', body: proof }) })
}

/** Puts the authenticator app in use that has this code; answers with recovery codes if it is the first factor. */
export function useConfirmTotp() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (code: string) => codesOf(await call(totpPath, { method: 'PUT', body: { code } })),
    onSuccess: refresh,
  })
}

export function useRemoveTotp() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: (proof: StepUp) => call<void>(totpPath, { method: 'DELETE', body: proof }),
    onSuccess: refresh,
  })
}

export function useNewRecoveryCodes() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (proof: StepUp) =>
      codesOf(await call(`${factorPath}/recovery-codes`, { method: 'POST', body: proof })),
    onSuccess: refresh,
  })
}

export function codesOf(answer: { recovery_codes?: string[] } | undefined): string[] {
  return answer?.recovery_codes ?? []
}

/** A change of the factors ends other sessions, too. */
export function useRefresh() {
  const client = useQueryClient()
  return () =>
    Promise.all([queryKeys.secondFactor, queryKeys.sessions].map((queryKey) => client.invalidateQueries({ queryKey })))
}

/** How many attempts are left, if a code was refused as wrong. */
export function attemptsLeft(error: unknown, field: string): number | undefined {
  if (!(error instanceof ApiProblem)) return undefined
  const left = error.values[`body.${field}`]
  return typeof left === 'number' ? left : undefined
}
