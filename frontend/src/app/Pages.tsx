import { type UseQueryResult, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { Navigate, Route, Routes, useLocation, useParams, useSearchParams } from 'react-router'
import { setupCode } from '../features/session/setupCode'
import type { LocaleTag } from '../i18n/dictionaries'
import { useLanguage, useMessages } from '../i18n/language'
import { urlOf } from '../lib/basePath'
import { problemText } from '../lib/problem'
import { queryKeys } from '../model/api/queryKeys'
import type { Session } from '../model/api/types'
import { accountLanguage, useSaveLanguage, useSetupNeeded } from '../model/session/queries'
import { SessionProvider, useSession } from '../model/session/session'
import { ErrorBoundary } from '../ui/ErrorBoundary'
import { preloadable } from '../ui/hooks/preload'
import { noteReader } from './firstRequests'
import { LogPage } from './LogPage'
import { safeReturn, signInPath } from './returnTo'
import '../ui/session.css'

const MemberPage = lazy(() => import('../features/session/MemberPage'))
const NotFoundPage = lazy(() => import('./NotFoundPage'))
const PasswordPage = lazy(() => import('../features/session/PasswordPage'))
// Without them the rest of the page works.
const Banners = lazy(() => import('./Banners').catch(() => ({ default: () => null })))
const SecondFactorPage = lazy(() => import('../features/session/SecondFactorPage'))
const SetupPage = lazy(() => import('../features/session/SetupPage'))
const SignInPage = preloadable(() => import('../features/session/SignInPage'))
const TenantChoicePage = lazy(() => import('./TenantChoicePage'))
const ExportsPage = lazy(() => import('./ExportsPage').then((module) => ({ default: module.ExportsPage })))
const SettingsPage = lazy(() => import('./SettingsPage').then((module) => ({ default: module.SettingsPage })))

interface Props {
  session: UseQueryResult<Session | null>
  onLanguage: (tag: LocaleTag) => void
}

/** Selects the page for a URL and a session. */
export function Pages({ session: { data: session, error, refetch }, onLanguage }: Props) {
  const { pathname } = useLocation()
  const [search] = useSearchParams()
  const { mutate: saveLanguage } = useSaveLanguage()
  const [wasSignedIn, setWasSignedIn] = useState(false)
  if (session && !wasSignedIn) setWasSignedIn(true)
  useFavicon(session?.role)
  useEffect(() => {
    if (session !== undefined) noteReader(session)
  }, [session])
  // A language chosen on the sign-in page is saved with the account that signs in.
  const chosen = useRef<LocaleTag>(undefined)
  const accountTag = accountLanguage(session)
  useEffect(() => {
    if (!accountTag || !chosen.current) return
    if (chosen.current !== accountTag) saveLanguage(chosen.current)
    chosen.current = undefined
  }, [accountTag, saveLanguage])
  function choose(tag: LocaleTag) {
    chosen.current = tag
    onLanguage(tag)
  }
  function saveChoice(tag: LocaleTag) {
    onLanguage(tag)
    saveLanguage(tag)
  }
  if (error) return <Unreachable error={error} onRetry={() => refetch()} />
  if (session === undefined) return null
  if (session === null) return <SignedOut wasSignedIn={wasSignedIn} onLanguage={choose} />
  if (session.second_factor) return <SecondFactorPage session={session} onLanguage={choose} />
  if (session.must_change) return <PasswordPage username={session.username} onLanguage={saveChoice} />
  if (session.role === 'member')
    return (
      <SessionProvider value={session}>
        {session.viewing && <Banners />}
        <MemberPage username={session.username} onLanguage={saveChoice} />
      </SessionProvider>
    )
  if (pathname === '/sign-in') return <Navigate replace to={safeReturn(search.get('next'))} />
  return (
    <SessionProvider value={session}>
      <Suspense>
        <Banners />
      </Suspense>
      <ErrorBoundary resetKey={pathname}>
        <Suspense fallback={null}>
          <Routes>
            <Route path="/" element={<Start />} />
            <Route path="/t/:tenant" element={<Navigate replace to="log" />} />
            <Route path="/t/:tenant/log/:entry?" element={<OfTenant page={LogPage} />} />
            <Route path="/t/:tenant/exports" element={<OfTenant page={ExportsPage} />} />
            <Route path="/t/:tenant/settings/:section?" element={<OfTenant page={SettingsPage} />} />
            <Route path="*" element={<NotFoundPage />} />
          </Routes>
        </Suspense>
      </ErrorBoundary>
    </SessionProvider>
  )
}

interface SignedOutProps {
  /** The session has ended on this page. */
  wasSignedIn: boolean
  onLanguage: (tag: LocaleTag) => void
}

/** The page to sign in, or to set up a new server. */
function SignedOut({ wasSignedIn, onLanguage }: SignedOutProps) {
  const { pathname, search, state } = useLocation()
  const { tag } = useLanguage()
  const client = useQueryClient()
  const setupNeeded = useSetupNeeded(!wasSignedIn)

  // Until the server responds, a code means that the server needs to be set up, and no code that it has been.
  if (!wasSignedIn && (setupNeeded.data ?? setupCode !== null))
    return <SetupPage locale={tag} onLanguage={onLanguage} />
  if (pathname === '/sign-in') return <SignInPage ended={!!state?.ended} onLanguage={onLanguage} />
  if (client.getQueryData(queryKeys.left)) return <Navigate replace to="/sign-in" />
  return <Navigate replace to={signInPath(pathname + search)} state={{ ended: wasSignedIn }} />
}

/** The only tenant's log, or a choice of tenants. */
function Start() {
  const { tenants } = useSession()
  const only = tenants.length === 1 ? tenants[0] : undefined
  if (only) return <Navigate replace to={`/t/${encodeURIComponent(only.id)}/log`} />
  return <TenantChoicePage />
}

/** A page of one of the account's tenants; any other tenant is reported as not found. */
function OfTenant({ page: Page }: { page: typeof LogPage | typeof ExportsPage | typeof SettingsPage }) {
  const { tenant: id } = useParams()
  const tenant = useSession().tenants.find((one) => one.id === id)
  if (!tenant) return <NotFoundPage />
  return <Page key={tenant.id} tenant={tenant} />
}

function Unreachable({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const messages = useMessages()
  return (
    <div className="page" role="alert">
      <main className="plain">
        <p>{messages.unreachable(problemText(error))}</p>
        <button type="button" className="link" onClick={onRetry}>
          {messages.retry}
        </button>
      </main>
    </div>
  )
}

/** The favicon, except for members, who must see no trace of the log. */
function useFavicon(role: Session['role'] | undefined) {
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')
    if (icon) icon.href = role && role !== 'member' ? urlOf('/favicon.svg') : 'data:,'
  }, [role])
}
