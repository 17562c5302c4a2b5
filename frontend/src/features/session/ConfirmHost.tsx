import { lazy, useEffect, useState } from 'react'
import { createPortal } from 'react-dom'
import { useLocation, useNavigate } from 'react-router'
import { useViewingMessages } from '../../i18n/viewingMessages'
import { setAsker } from '../../model/api/confirmation'
import { LazyBoundary } from '../../ui/LazyBoundary'
import { Notice } from '../../ui/Notice'
import './banner.css'

const ConfirmDialog = lazy(() => import('./ConfirmDialog'))

/** Asks the person to confirm who it is, for whatever request the server refuses without; says how that ended at an identity provider. */
export function ConfirmHost() {
  const [asked, setAsked] = useState<{ answer: (confirmed: boolean) => void }>()
  useEffect(() => {
    setAsker(() => new Promise((answer) => setAsked({ answer })))
    return () => setAsker(undefined)
  }, [])
  function close(confirmed: boolean) {
    asked?.answer(confirmed)
    setAsked(undefined)
  }
  return (
    <>
      <Outcome />
      {asked && (
        <LazyBoundary onEscape={() => close(false)}>
          <ConfirmDialog onConfirmed={() => close(true)} onClose={() => close(false)} />
        </LazyBoundary>
      )}
    </>
  )
}

/** How a confirmation at an identity provider ended, from which the browser comes back with it in the address. */
function Outcome() {
  const messages = useViewingMessages()
  const navigate = useNavigate()
  const { pathname, search } = useLocation()
  const [outcome, setOutcome] = useState<keyof typeof messages.outcomes>()
  useEffect(() => {
    const query = new URLSearchParams(search)
    const found = query.get('confirm')
    if (found === null) return
    query.delete('confirm')
    setOutcome(found in messages.outcomes ? (found as keyof typeof messages.outcomes) : 'failed')
    navigate({ pathname, search: `${query}` }, { replace: true })
  }, [search, pathname, navigate, messages])
  if (!outcome) return null
  return createPortal(
    <div className="viewing">
      <Notice
        kind={outcome === 'done' ? 'note' : 'error'}
        action={messages.close}
        onAction={() => setOutcome(undefined)}
      >
        {messages.outcomes[outcome]}
      </Notice>
    </div>,
    document.body,
  )
}
