import { Component, type ReactNode } from 'react'
import { useWords } from '../i18n/language'
import '../session/session.css'

/** Catches what breaks a page, so that a white screen never stands where an answer should. */
export class Mishap extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: undefined as unknown }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override render() {
    return this.state.error === undefined ? this.props.children : <Broken error={this.state.error} />
  }
}

function Broken({ error }: { error: unknown }) {
  const words = useWords()
  return (
    <div className="page" role="alert">
      <main className="plain">
        <h1>{words.mishap}</h1>
        <p>{words.mishapText(error instanceof Error ? error.message : String(error))}</p>
        <button type="button" className="link" onClick={() => window.location.reload()}>
          {words.reload}
        </button>
      </main>
    </div>
  )
}
