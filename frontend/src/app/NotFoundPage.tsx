import { Link } from 'react-router'
import { useWords } from '../i18n/language'
import { useDocumentTitle } from '../ui/hooks/useDocumentTitle'
import { TopBar } from './TopBar'
import '../ui/session.css'

export function NotFoundPage() {
  const words = useWords()
  useDocumentTitle(words.noSuchPage)
  return (
    <div className="app app-plain">
      <TopBar />
      <main className="page">
        <div className="plain">
          <h1>{words.noSuchPage}</h1>
          <p>{words.noSuchPageText}</p>
          <Link className="link" to="/">
            {words.toStart}
          </Link>
        </div>
      </main>
    </div>
  )
}
