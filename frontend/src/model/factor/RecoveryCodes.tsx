import { useEffect } from 'react'
import { createPortal } from 'react-dom'
import { useFactorMessages } from '../../i18n/factorMessages'
import { Button } from '../../ui/Button'
import { useCopy } from '../../ui/useCopy'
import '../print/print.css'
import './factor.css'

interface Props {
  username: string
  codes: string[]
  /** Whether they were copied, saved or printed. */
  kept: boolean
  onKept: () => void
}

/** Recovery codes, which are shown once, and what keeps them. Leaving the page before asks. */
export function RecoveryCodes({ username, codes, kept, onKept }: Props) {
  const messages = useFactorMessages()
  const copy = useCopy()
  const title = messages.codesOf(username, window.location.host)
  const text = [title, '', ...codes, ''].join('\n')

  useEffect(() => {
    if (kept) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [kept])
  useEffect(() => {
    window.addEventListener('afterprint', onKept)
    return () => window.removeEventListener('afterprint', onKept)
  }, [onKept])

  const list = (
    <ul className="recovery">
      {codes.map((code) => (
        <li key={code}>{code}</li>
      ))}
    </ul>
  )
  return (
    <>
      {list}
      <div className="recovery-tools">
        <Button onClick={() => copy(text).then(onKept)}>{messages.copyCodes}</Button>
        <Button
          onClick={() => {
            save(text, messages.codesFile)
            onKept()
          }}
        >
          {messages.saveCodes}
        </Button>
        <Button onClick={() => window.print()}>{messages.printCodes}</Button>
      </div>
      {createPortal(
        <div className="print-sheet">
          <h1>{title}</h1>
          {list}
        </div>,
        document.body,
      )}
    </>
  )
}

function save(text: string, name: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
