import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Suspense, useEffect, useRef, useState } from 'react'
import { guessLanguage, type LocaleTag, loadMessages, rememberLanguage } from '../i18n/dictionaries'
import { LanguageProvider, useLanguage } from '../i18n/language'
import { isProblem, setProblemTexts } from '../lib/problem'
import { queryKeys } from '../model/api/queryKeys'
import type { Session } from '../model/api/types'
import { accountLanguage, useSessionQuery } from '../model/session/queries'
import { ErrorBoundary } from '../ui/ErrorBoundary'
import { Toasts } from '../ui/Toasts'
import { Pages } from './Pages'

/**
 * A browser that believes it is offline can still reach a server on the same machine or on an isolated network: only a
 * call without a response shows that it cannot.
 */
const askAnyhow = { networkMode: 'always' } as const

function makeClient(): QueryClient {
  // Any call may find that the session has ended; then the sign-in page is shown.
  function noticeEnd(error: unknown) {
    if (!isProblem(error, 401)) return
    const session = client.getQueryData<Session | null>(queryKeys.session)
    if (session) client.setQueryData(queryKeys.ended, session.username)
    client.setQueryData(queryKeys.session, null)
  }
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: noticeEnd }),
    mutationCache: new MutationCache({ onError: noticeEnd }),
    defaultOptions: {
      queries: {
        // Errors are shown immediately with Retry; automatic retries would only delay them.
        retry: false,
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        ...askAnyhow,
        // Failed queries are retried when the network is back.
        refetchOnReconnect: (query) => query.state.status === 'error' && 'always',
      },
      mutations: askAnyhow,
    },
  })
  return client
}

export function App() {
  const [client] = useState(makeClient)
  return (
    <QueryClientProvider client={client}>
      <InLanguage />
    </QueryClientProvider>
  )
}

function InLanguage() {
  const session = useSessionQuery()
  const [guess, setGuess] = useState<LocaleTag>(guessLanguage)
  const tag = accountLanguage(session.data) ?? guess

  const chosen = useRef<LocaleTag>(undefined)
  async function chooseLanguage(next: LocaleTag) {
    chosen.current = next
    try {
      await loadMessages(next)
    } catch {
      return // the page stays in the language it has, and the other can be chosen again
    }
    if (chosen.current !== next) return
    rememberLanguage(next)
    setGuess(next)
  }

  return (
    <LanguageProvider tag={tag}>
      <NoAnswer />
      <Toasts>
        <ErrorBoundary resetKey="">
          <Suspense fallback={null}>
            <Pages session={session} onLanguage={chooseLanguage} />
          </Suspense>
        </ErrorBoundary>
      </Toasts>
    </LanguageProvider>
  )
}

/** Keeps the messages for errors in the console's language. */
function NoAnswer() {
  const { tag, messages } = useLanguage()
  useEffect(() => setProblemTexts(tag, messages.noAnswer), [tag, messages])
  return null
}
