import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import { useViewingMessages } from '../../i18n/viewingMessages'
import { pathWithin, urlOf } from '../../lib/basePath'
import { call } from '../../model/api/http'
import { sessionPath } from '../../model/api/prefetch'
import type { Confirmation, ConfirmationProof } from '../../model/api/types'
import { CodeField } from '../../model/factor/CodeField'
import { usePasskeyProof, usePasskeyText } from '../../model/factor/passkeys'
import { attemptsLeft } from '../../model/factor/queries'
import { fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'

const confirmPath = `${sessionPath}/confirm`

type Way = Confirmation['methods'][number]

interface Props {
  onConfirmed: () => void
  onClose: () => void
}

/** Asks for what the account has, before something that cannot be undone. */
export default function ConfirmDialog({ onConfirmed, onClose }: Props) {
  const messages = useViewingMessages()
  const ways = useQuery({
    queryKey: ['confirm'],
    queryFn: ({ signal }) => call<Confirmation>(confirmPath, { signal }),
    gcTime: 0,
    staleTime: 0,
  })
  const [chosen, setChosen] = useState<Way>()
  const way = chosen ?? ways.data?.methods[0]
  const proof = useProof(way, ways.data?.source ?? '', onConfirmed)
  if (ways.isPending) return null
  return (
    <FormDialog
      key={way}
      title={messages.confirmTitle}
      action={way === 'provider' ? messages.goToProvider(ways.data?.title ?? '') : messages.confirm}
      error={ways.error ?? proof.error}
      pending={proof.pending}
      onSubmit={() => proof.send()}
      onClose={onClose}
    >
      <p className="form-lead">{messages.confirmText}</p>
      {way && <Fields way={way} title={ways.data?.title} proof={proof} />}
      <Others ways={ways.data?.methods ?? []} way={way} onChoose={setChosen} />
    </FormDialog>
  )
}

interface OthersProps {
  ways: Way[]
  way: Way | undefined
  onChoose: (way: Way) => void
}

/** The other ways that the account has. */
function Others({ ways, way, onChoose }: OthersProps) {
  const messages = useViewingMessages()
  const others = ways.filter((one) => one !== way)
  if (others.length === 0) return null
  return (
    <p className="form-hint">
      {messages.other}
      {others.map((one) => (
        <span key={one}>
          {' '}
          <button type="button" className="link" onClick={() => onChoose(one)}>
            {messages.ways[one]}
          </button>
        </span>
      ))}
    </p>
  )
}

/** What is typed, and what sends the proof of a way to confirm. */
function useProof(way: Way | undefined, source: string, onConfirmed: () => void) {
  const textOf = usePasskeyText()
  const [typed, setTyped] = useState('')
  const prove = usePasskeyProof()
  const confirm = useMutation({
    mutationFn: (proof: ConfirmationProof) => call<Confirmation>(confirmPath, { method: 'POST', body: proof }),
    onSuccess: onConfirmed,
    onError: () => setTyped(''),
  })
  const passkey = useMutation({
    mutationFn: async () => call(confirmPath, { method: 'POST', body: { passkey: await prove() } }),
    onSuccess: onConfirmed,
  })
  const sends: Record<Way, (value: string) => void> = {
    password: (value) => confirm.mutate({ password: value }),
    totp: (value) => confirm.mutate({ code: value }),
    recovery_code: (value) => confirm.mutate({ recovery_code: value.trim() }),
    passkey: () => passkey.mutate(),
    provider: () => window.location.assign(providerAt(source)),
  }
  const left = attemptsLeft(confirm.error, way === 'totp' ? 'code' : 'recovery_code')
  const wrong = fieldError(confirm.error, 'password')
  const told = wrong !== undefined || left !== undefined // beside the field
  const refused = way === 'passkey' ? passkey.error && new Error(textOf(passkey.error)) : confirm.error
  return {
    typed,
    setTyped,
    send: (value = typed) => way && sends[way](value),
    left: typed ? undefined : left,
    wrong: wrong !== undefined && !typed,
    error: told ? undefined : refused,
    pending: confirm.isPending || passkey.isPending,
  }
}

interface FieldsProps {
  way: Way
  title: string | undefined
  proof: ReturnType<typeof useProof>
}

/** What a way to confirm asks for. */
function Fields({ way, title, proof: { typed, setTyped, send, left, wrong } }: FieldsProps) {
  const messages = useViewingMessages()
  const factor = useFactorMessages()
  const wrongCode = left === undefined ? undefined : factor.wrongCode(left)
  const field = { value: typed, onChange: setTyped, required: true }
  switch (way) {
    case 'password':
      return (
        <TextField
          {...field}
          label={title ? messages.passwordOf(title) : factor.yourPassword}
          type="password"
          autoComplete="current-password"
          maxLength={1024}
          error={wrong ? factor.wrongPassword : undefined}
        />
      )
    case 'totp':
      return (
        <CodeField
          value={typed}
          error={wrongCode}
          hint={factor.enterCode}
          onChange={setTyped}
          onComplete={(code) => send(code)}
        />
      )
    case 'recovery_code':
      return <TextField {...field} mono label={factor.recoveryCode} hint={factor.recoveryText} error={wrongCode} />
    case 'passkey':
      return <p>{factor.passkeyText}</p>
    case 'provider':
      return <p>{messages.atProvider(title ?? '')}</p>
  }
}

/** Where an identity provider asks again who it is; the browser comes back to this page. */
function providerAt(source: string): string {
  const { pathname, search } = window.location
  const next = encodeURIComponent(pathWithin(pathname) + search)
  return urlOf(`/api/v1/session/oidc/${source}?confirm=true&next=${next}`)
}
