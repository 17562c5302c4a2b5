import { useMutation } from '@tanstack/react-query'
import { urlOf } from '../../lib/basePath'
import { call } from '../api/http'
import { sessionPath } from '../api/prefetch'
import type { Session } from '../api/types'

const viewPath = `${sessionPath}/view-as`
const cameFrom = 'oplog-view-from'

// All tabs have the same session, and so the same view: what they show is that of another person now.
const tabs = 'BroadcastChannel' in globalThis ? new BroadcastChannel('oplog-view') : undefined

/** Loads this page again when the view begins or ends in another tab. */
export function followOtherTabs(): () => void {
  const reload = () => window.location.reload()
  tabs?.addEventListener('message', reload)
  return () => tabs?.removeEventListener('message', reload)
}

/** Loads the console again: nothing that one person may see is left for another. */
function startAgain(at: string) {
  tabs?.postMessage('view')
  window.location.assign(at)
}

/** Begins to show the log as the person of another account sees it. */
export function useBeginView() {
  return useMutation({
    mutationFn: (username: string) => call<Session>(viewPath, { method: 'POST', body: { username } }),
    onSuccess: () => {
      sessionStorage.setItem(cameFrom, window.location.pathname)
      startAgain(urlOf('/'))
    },
  })
}

/** Ends that, and goes back to where it began. */
export function useEndView() {
  return useMutation({
    mutationFn: () => call<Session>(viewPath, { method: 'DELETE' }),
    onSuccess: () => {
      const from = sessionStorage.getItem(cameFrom)
      sessionStorage.removeItem(cameFrom)
      startAgain(from ?? urlOf('/'))
    },
  })
}
