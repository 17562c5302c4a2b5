import { Component, type ReactNode, useCallback, useEffect, useState } from 'react'
import { useMessages } from '../i18n/language'
import { Icon } from './Icon'
import './session.css'
import './errorBoundary.css'

interface Props {
  /** Clears the error when it changes, such as on another page. */
  resetKey: string
  /** Shows the error in place of a part of the page; the rest stays. */
  part?: boolean
  children: ReactNode
}

/** Shows an error page instead of a white screen when rendering fails. */
export class ErrorBoundary extends Component<Props, { error: unknown; resetKey: string }> {
  override state = { error: undefined as unknown, resetKey: this.props.resetKey }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  static getDerivedStateFromProps({ resetKey }: Props, state: { resetKey: string }) {
    return resetKey === state.resetKey ? null : { error: undefined, resetKey }
  }

  override render() {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return this.props.part ? <PartError /> : <PageError error={error} />
  }
}

function PageError({ error }: { error: unknown }) {
  const messages = useMessages()
  const { silent, reload } = useReload()
  const text = error instanceof Error ? error.message : String(error)
  const missing = isMissing(text)
  // After an update the console has other files: reloading the page once finds them.
  useEffect(() => {
    if (missing && Date.now() - lastReload() > onceIn) reload()
  }, [missing, reload])
  return (
    <div className="page" role="alert">
      <main className="plain">
        <h1>{missing ? messages.pageMissing : messages.pageError}</h1>
        <p>{silent ? messages.stillNoAnswer : missing ? messages.pageMissingText : messages.pageErrorText(text)}</p>
        <button type="button" className="link" onClick={reload}>
          {messages.reload}
        </button>
      </main>
    </div>
  )
}

function PartError() {
  const messages = useMessages()
  const { silent, reload } = useReload()
  return (
    <div className="error-part" role="alert">
      <Icon name="alert" />
      <span>{silent ? messages.stillNoAnswer : messages.partMissing}</span>
      <button type="button" className="link" onClick={reload}>
        {messages.reload}
      </button>
    </div>
  )
}

/** Reloads the page, unless the server is unreachable: the browser's error page would replace this one. */
function useReload() {
  const [silent, setSilent] = useState(false)
  const reload = useCallback(() => {
    fetch(window.location.pathname, { method: 'HEAD', cache: 'no-store' }).then(
      () => {
        rememberReload()
        window.location.reload()
      },
      () => setSilent(true),
    )
  }, [])
  return { silent, reload }
}

/** Whether an error means that a file of the console could not be loaded, by the messages of browsers and of Vite. */
function isMissing(text: string): boolean {
  return /dynamically imported module|module script|preload CSS/i.test(text)
}

const remembered = 'oplog.reloaded'
const onceIn = 60_000

function lastReload(): number {
  try {
    return Number(sessionStorage.getItem(remembered))
  } catch {
    return Date.now() // without storage it could reload forever
  }
}

function rememberReload() {
  try {
    sessionStorage.setItem(remembered, String(Date.now()))
  } catch {
    // Without storage the page does not reload by itself.
  }
}
