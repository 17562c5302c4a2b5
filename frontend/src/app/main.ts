import { beginReading } from './firstRequests'

// The little that comes first: the server is asked while the console itself is being read.
beginReading(window.location)
import('./start')
