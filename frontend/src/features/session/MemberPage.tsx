import type { LocaleTag } from '../../i18n/dictionaries'
import { useSessionMessages } from '../../i18n/sessionMessages'
import { problemText } from '../../lib/problem'
import { useSignOut } from '../../model/session/queries'
import { Button } from '../../ui/Button'
import { useDocumentTitle } from '../../ui/hooks/useDocumentTitle'
import { LanguageSwitch } from '../../ui/LanguageSwitch'
import { Notice } from '../../ui/Notice'
import '../../ui/session.css'
import './card.css'

/** What an account without the right sees: nothing that says what is behind. */
export default function MemberPage({
  username,
  onLanguage,
}: {
  username: string
  onLanguage: (tag: LocaleTag) => void
}) {
  const messages = useSessionMessages()
  const signOut = useSignOut()
  useDocumentTitle(messages.signInTitle)
  return (
    <div className="page">
      <main className="plain">
        <h1>{messages.nothingHere}</h1>
        <p>{messages.nothingHereText(username)}</p>
        {signOut.error && <Notice kind="error">{messages.stillSignedIn(problemText(signOut.error))}</Notice>}
        <Button pending={signOut.isPending} onClick={() => signOut.mutate()}>
          {messages.signOut}
        </Button>
      </main>
      <footer className="page-foot">
        <LanguageSwitch onChange={onLanguage} />
      </footer>
    </div>
  )
}
