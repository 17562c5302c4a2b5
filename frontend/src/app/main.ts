import { basePath } from '../lib/basePath'
import { beginReading } from './firstRequests'

const { location } = window
if (location.pathname.startsWith(`${basePath}/`)) {
  // The little that comes first: the server is asked while the console itself is being read.
  beginReading(location)
  import('./start')
} else {
  location.replace(basePath + location.pathname + location.search + location.hash)
}
