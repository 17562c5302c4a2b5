import { type FormEvent, useEffect, useState } from 'react'
import { useIdentityMessages } from '../../i18n/identityMessages'
import { useMessages } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import type { Identity, IdentityPreviews, Tenant } from '../../model/api/types'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/form/Fields'
import { Notice } from '../../ui/Notice'
import type { Asked } from './IdentityPage'
import { usePreview } from './identityQueries'
import { PreviewOf } from './PreviewOf'

interface Props {
  of: Identity
  tenant: Tenant
  asked: Asked
  onAsk: (username: string) => void
}

/** Looks somebody up in the sources, and shows what the rules would give. */
export function PreviewPart({ of, tenant, asked, onAsk }: Props) {
  const common = useMessages()
  const { identity: messages } = useIdentityMessages()
  const [typed, setTyped] = useState('')
  const query = usePreview(asked)
  useEffect(() => setTyped(asked.username), [asked])

  function submit(event: FormEvent) {
    event.preventDefault()
    if (typed.trim()) onAsk(typed.trim())
  }

  return (
    <section aria-labelledby="identity-preview">
      <h2 id="identity-preview">{messages.preview}</h2>
      <p>{messages.previewText}</p>
      <form className="identity-look" onSubmit={submit}>
        <TextField label={common.username} value={typed} maxLength={128} onChange={setTyped} />
        <Button submit pending={query.isFetching}>
          {messages.lookUp}
        </Button>
      </form>
      {query.error && <Notice kind="error">{messages.notAsked(problemText(query.error))}</Notice>}
      {query.isLoading && <p className="loading-late">{messages.asking}</p>}
      {query.data && !query.error && (
        <div className={query.isPlaceholderData ? 'identity-answer identity-old' : 'identity-answer'}>
          <Answer previews={query.data} of={of} tenant={tenant} username={asked.username} />
        </div>
      )}
    </section>
  )
}

/** What each source says; those that do not know the person come in the same order, in one line each. */
function Answer({
  previews,
  of,
  tenant,
  username,
}: Omit<Props, 'asked' | 'onAsk'> & { previews: IdentityPreviews; username: string }) {
  const { identity: messages } = useIdentityMessages()
  const directories = previews.sources.filter(({ kind, person }) => kind === 'ldap' && person)
  const nobody = previews.sources.every(({ unknown }) => unknown)
  return (
    <>
      {previews.local && <Notice kind="note">{messages.local(username)}</Notice>}
      {directories.length > 1 && <Notice kind="note">{messages.several(directories[0]?.title ?? '')}</Notice>}
      {nobody && <Notice kind="note">{messages.nobody(username)}</Notice>}
      {previews.sources.map((one) => (
        <PreviewOf key={one.source} of={one} rules={of.rules} tenant={tenant} />
      ))}
    </>
  )
}
