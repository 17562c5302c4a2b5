import type { LocaleTag } from '../../i18n/dictionaries'
import { useSessionWords } from '../../i18n/sessionWords'
import { problemText } from '../../lib/problem'
import { useSignOut } from '../../model/session/queries'
import { Button } from '../../ui/Button'
import { useDocumentTitle } from '../../ui/hooks/useDocumentTitle'
import { LanguageSwitch } from '../../ui/LanguageSwitch'
import { Notice } from '../../ui/Notice'
import '../../ui/session.css'

/** What an account without the right sees: nothing that says what is behind. */
export default function MemberPage({
  username,
  onLanguage,
}: {
  username: string
  onLanguage: (tag: LocaleTag) => void
}) {
  const words = useSessionWords()
  const signOut = useSignOut()
  useDocumentTitle(words.signInTitle)
  return (
    <div className="page">
      <main className="plain">
        <h1>{words.nothingHere}</h1>
        <p>{words.nothingHereText(username)}</p>
        {signOut.error && <Notice kind="error">{words.stillSignedIn(problemText(signOut.error))}</Notice>}
        <Button pending={signOut.isPending} onClick={() => signOut.mutate()}>
          {words.signOut}
        </Button>
      </main>
      <footer className="page-foot">
        <LanguageSwitch onChange={onLanguage} />
      </footer>
    </div>
  )
}
