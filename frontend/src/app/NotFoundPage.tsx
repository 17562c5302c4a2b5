import { Link } from 'react-router'
import { useNotFoundMessages } from '../i18n/notFoundMessages'
import { useDocumentTitle } from '../ui/hooks/useDocumentTitle'
import { TopBar } from './TopBar'
import '../ui/session.css'

export default function NotFoundPage() {
  const messages = useNotFoundMessages()
  useDocumentTitle(messages.noSuchPage)
  return (
    <div className="app app-plain">
      <TopBar />
      <main className="page">
        <div className="plain">
          <h1>{messages.noSuchPage}</h1>
          <p>{messages.noSuchPageText}</p>
          <Link className="link" to="/">
            {messages.toStart}
          </Link>
        </div>
      </main>
    </div>
  )
}
