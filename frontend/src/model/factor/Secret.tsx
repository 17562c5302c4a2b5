import { lazy } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import { Icon } from '../../ui/Icon'
import { LazyBoundary } from '../../ui/LazyBoundary'
import { useCopy } from '../../ui/useCopy'
import './factor.css'

const QrCode = lazy(() => import('../../ui/QrCode').then((module) => ({ default: module.QrCode })))

/** The secret of a new authenticator app as a QR code, drawn here: it leaves the browser for no service that draws one. */
export function SecretCode({ uri }: { uri: string }) {
  const messages = useFactorMessages()
  return (
    <div className="qr">
      <div>
        <LazyBoundary>
          <QrCode label={messages.qr} text={uri} size={152} />
        </LazyBoundary>
      </div>
    </div>
  )
}

/** The same to type, in groups of four, as apps show it. */
export function SecretText({ secret }: { secret: string }) {
  return <code className="secret">{secret.match(/.{1,4}/g)?.join(' ')}</code>
}

export function CopySecret({ secret }: { secret: string }) {
  const messages = useFactorMessages()
  const copy = useCopy()
  return (
    <button type="button" className="text-button" onClick={() => copy(secret)}>
      <Icon name="copy" small />
      {messages.copyKey}
    </button>
  )
}
