import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import { makePasskey, PasskeyError, provePasskey } from '../../lib/passkey'
import { problemText } from '../../lib/problem'
import { userAgentName } from '../../lib/userAgent'
import { call } from '../api/http'
import { queryKeys } from '../api/queryKeys'
import type { AddedPasskey, PasskeyOptions, Session, StepUp } from '../api/types'
import { withMessages } from '../session/queries'
import { attemptsLeft, codesOf, factorPath, useRefresh } from './queries'

export const maxPasskeys = 10
export const maxPasskeyName = 64
const passkeysPath = `${factorPath}/passkeys`

/** The name of a new passkey, unless the person has a better one. */
export function suggestedName(): string {
  const name = userAgentName(navigator.userAgent)
  return name.length > maxPasskeyName ? '' : name
}

/** Proves who asks for a new passkey, and answers with what the browser needs to make it. */
export function useBeginPasskey() {
  return useMutation({ mutationFn: (proof: StepUp) => beginPasskey(proof) })
}

async function beginPasskey(proof: StepUp): Promise<unknown> {
  const body = { method: 'POST', body: proof } as const
  return (await call<PasskeyOptions>(`${passkeysPath}/options`, body)).options
}

/**
 * Has the browser make a passkey, and adds it; answers with recovery codes if it is the first factor. Without options, which
 * somebody who signs in may ask for without further proof, it asks for them first.
 */
export function useAddPasskey() {
  const refresh = useRefresh()
  const { start, stop } = usePrompt()
  const add = useMutation({
    mutationFn: async ({ name, options }: { name: string; options?: unknown }) => {
      const signal = start()
      const credential = await makePasskey(options ?? (await beginPasskey({})), signal)
      return codesOf(await call<AddedPasskey>(passkeysPath, { method: 'POST', body: { name, credential } }))
    },
    onSuccess: refresh,
  })
  return { ...add, stop }
}

/** Has the browser prove a passkey of the account, and answers with what to send. */
export function usePasskeyProof(): () => Promise<unknown> {
  const { start } = usePrompt()
  return async () => {
    const signal = start()
    const { options } = await call<PasskeyOptions>(`${passkeysPath}/assertion`, { method: 'POST' })
    return provePasskey(options, signal)
  }
}

/** Completes a sign-in with a passkey. */
export function usePasskeySignIn() {
  const client = useQueryClient()
  const prove = usePasskeyProof()
  return useMutation({
    mutationFn: async () => {
      const passkey = await prove()
      return withMessages(call<Session>(factorPath, { method: 'POST', body: { passkey } }))
    },
    onSuccess: (session) => client.setQueryData(queryKeys.session, session),
  })
}

export function useRemovePasskey() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: ({ id, proof }: { id: string; proof: StepUp }) =>
      call<void>(`${passkeysPath}/${encodeURIComponent(id)}`, { method: 'DELETE', body: proof }),
    onSuccess: refresh,
  })
}

/** What the browser asks a person ends with the component that asked for it. */
function usePrompt() {
  const open = useRef<AbortController>(undefined)
  const stop = useCallback(() => open.current?.abort(), [])
  useEffect(() => stop, [stop])
  function start(): AbortSignal {
    stop()
    open.current = new AbortController()
    return open.current.signal
  }
  return { start, stop }
}

/** The message to show for an error of a passkey: the browser's and the server's. */
export function usePasskeyText(): (error: unknown) => string {
  const messages = useFactorMessages()
  return (error) => {
    const left = attemptsLeft(error, 'passkey')
    if (left !== undefined) return messages.wrongPasskey(left)
    return error instanceof PasskeyError ? messages.passkeyFaults[error.fault] : problemText(error)
  }
}
