import { guessLanguage, loadWords } from '../i18n/dictionaries'
import { basePath } from '../lib/basePath'
import { beginReading } from './firstRequests'

const { location } = window
if (location.pathname.startsWith(`${basePath}/`)) {
  // The little that comes first: the server is asked, and the words are loaded, while the console itself is.
  const reads = beginReading(location)
  loadWords(guessLanguage()).catch(() => {}) // the start tries again
  import('./start')
  if (!reads) import('../features/session/SignInPage')
} else {
  location.replace(basePath + location.pathname + location.search + location.hash)
}
