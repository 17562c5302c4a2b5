import { Component, type ReactNode, useCallback, useEffect, useState } from 'react'
import { useWords } from '../i18n/language'
import { Icon } from './Icon'
import './session.css'
import './mishap.css'

interface Props {
  /** What is shown, so that a mishap is over when one goes elsewhere. */
  where: string
  /** Whether only a part of the page is in it: the rest stays. */
  part?: boolean
  children: ReactNode
}

/** Catches what breaks a page, so that a white screen never stands where an answer should. */
export class Mishap extends Component<Props, { error: unknown; where: string }> {
  override state = { error: undefined as unknown, where: this.props.where }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  static getDerivedStateFromProps({ where }: Props, state: { where: string }) {
    return where === state.where ? null : { error: undefined, where }
  }

  override render() {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return this.props.part ? <PartBroken /> : <Broken error={error} />
  }
}

function Broken({ error }: { error: unknown }) {
  const words = useWords()
  const { silent, again } = useLoadAgain()
  const text = error instanceof Error ? error.message : String(error)
  const missing = isMissing(text)
  // A console that was replaced since has other files: loading the page again finds them, once.
  useEffect(() => {
    if (missing && Date.now() - lastReload() > onceIn) again()
  }, [missing, again])
  return (
    <div className="page" role="alert">
      <main className="plain">
        <h1>{missing ? words.pageMissing : words.mishap}</h1>
        <p>{silent ? words.stillNoAnswer : missing ? words.pageMissingText : words.mishapText(text)}</p>
        <button type="button" className="link" onClick={again}>
          {words.reload}
        </button>
      </main>
    </div>
  )
}

function PartBroken() {
  const words = useWords()
  const { silent, again } = useLoadAgain()
  return (
    <div className="mishap-part" role="alert">
      <Icon name="alert" />
      <span>{silent ? words.stillNoAnswer : words.partMissing}</span>
      <button type="button" className="link" onClick={again}>
        {words.reload}
      </button>
    </div>
  )
}

/** Loads the page again, but not while the server is gone: the browser's own page would take the place of this one. */
function useLoadAgain() {
  const [silent, setSilent] = useState(false)
  const again = useCallback(() => {
    fetch(window.location.pathname, { method: 'HEAD', cache: 'no-store' }).then(
      () => {
        rememberReload()
        window.location.reload()
      },
      () => setSilent(true),
    )
  }, [])
  return { silent, again }
}

/** Whether an error is that a file of the console could not be read, in the words of the browsers and of what loads the styles. */
function isMissing(text: string): boolean {
  return /dynamically imported module|module script|preload CSS/i.test(text)
}

const remembered = 'oplog.reloaded'
const onceIn = 60_000

function lastReload(): number {
  try {
    return Number(sessionStorage.getItem(remembered))
  } catch {
    return Date.now() // nothing is kept here, so it could go on for ever
  }
}

function rememberReload() {
  try {
    sessionStorage.setItem(remembered, String(Date.now()))
  } catch {
    // Then it is not done by itself.
  }
}
