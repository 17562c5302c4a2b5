import { guessLanguage, loadMessages } from '../i18n/dictionaries'
import { basePath } from '../lib/basePath'
import { beginReading } from './firstRequests'

const { location } = window
if (location.pathname.startsWith(`${basePath}/`)) {
  // Runs first: sends the first requests and loads the messages while the rest of the console loads.
  const reads = beginReading(location)
  loadMessages(guessLanguage()).catch(() => {}) // the start tries again
  import('./start')
  if (!reads) import('../features/session/SignInPage')
} else {
  location.replace(basePath + location.pathname + location.search + location.hash)
}
