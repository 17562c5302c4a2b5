import { useState } from 'react'
import { Link, useLocation, useNavigate } from 'react-router'
import type { Dictionary } from '../i18n/en'
import { useLanguage } from '../i18n/language'
import { problemText } from '../lib/problem'
import { visibleText } from '../lib/visible'
import type { Tenant } from '../model/api/types'
import { administers, settingsPath } from '../model/session/permissions'
import { useSaveLanguage, useSignOut } from '../model/session/queries'
import { useSession } from '../model/session/session'
import { preloadable } from '../ui/hooks/preload'
import { useKey } from '../ui/hooks/useKey'
import { useViewportWidth } from '../ui/hooks/useViewportWidth'
import { Icon, Mark } from '../ui/Icon'
import { IconButton } from '../ui/IconButton'
import { LanguageSwitch } from '../ui/LanguageSwitch'
import { LazyBoundary } from '../ui/LazyBoundary'
import { Menu, type MenuItem } from '../ui/Menu'
import { Notice } from '../ui/Notice'
import { Shown } from '../ui/Shown'
import './frame.css'

const OwnPasswordDialog = preloadable(() => import('../features/accounts/OwnPasswordDialog'))
const HelpDialog = preloadable(() => import('./HelpDialog'))

/** The bar above every page, for accounts that may see the log. */
export function TopBar({ tenant }: { tenant?: Tenant }) {
  const { messages } = useLanguage()
  const session = useSession()
  const signOut = useSignOut()
  const phone = useViewportWidth() < 768
  const pages = usePages(tenant)
  const navigate = useNavigate()
  const [help, setHelp] = useState(false)
  const [password, setPassword] = useState(false)
  const actions: Actions = {
    onAccount: tenant && (() => navigate(settingsPath(tenant.id, 'account'))),
    onPassword: session.launched || session.source ? undefined : () => setPassword(true),
    onHelp: () => setHelp(true),
    onSignOut: () => signOut.mutate(),
  }
  useKey('?', actions.onHelp)
  return (
    <>
      <header className="top">
        <Link className="mark" to="/">
          <Mark />
          oplog
        </Link>
        {tenant && <TenantMenu tenant={tenant} />}
        {!phone && tenant && (
          <nav className="nav" aria-label={messages.mainNavigation}>
            {pages.map((page) => (
              <Link key={page.path} to={page.path} aria-current={page.current ? 'page' : undefined}>
                {page.title}
              </Link>
            ))}
          </nav>
        )}
        <span className="grow" />
        {phone ? <PhoneMenu pages={pages} {...actions} /> : <WideTools {...actions} />}
        {signOut.error && (
          <div className="top-note">
            <Notice kind="error" action={messages.retry} onAction={actions.onSignOut}>
              {messages.stillSignedIn(problemText(signOut.error))}
            </Notice>
          </div>
        )}
      </header>
      {password && (
        <LazyBoundary>
          <OwnPasswordDialog onClose={() => setPassword(false)} />
        </LazyBoundary>
      )}
      {help && (
        <LazyBoundary>
          <HelpDialog onClose={() => setHelp(false)} />
        </LazyBoundary>
      )}
    </>
  )
}

interface Actions {
  /** Undefined without a tenant, whose settings have the account. */
  onAccount: (() => void) | undefined
  /** Undefined for accounts without a password here. */
  onPassword: (() => void) | undefined
  onHelp: () => void
  onSignOut: () => void
}

/** The actions that both menus have. */
function accountItems({ onAccount, onPassword }: Actions, messages: Dictionary): MenuItem[] {
  return [
    ...(onAccount ? [{ key: 'account', label: messages.yourAccount, onChoose: onAccount }] : []),
    ...(onPassword ? [{ key: 'password', label: messages.changePassword, onChoose: onPassword }] : []),
  ]
}

/** Help, the language and the account, where there is room for them. */
function WideTools(actions: Actions) {
  const { messages } = useLanguage()
  const session = useSession()
  const saveLanguage = useSaveLanguage()
  const out = { key: 'out', label: messages.signOut, onChoose: actions.onSignOut }
  return (
    <>
      <IconButton label={messages.help} icon="help" aria-keyshortcuts="?" onClick={actions.onHelp} />
      <LanguageSwitch onChange={(tag) => saveLanguage.mutate(tag)} />
      <Menu
        label={messages.account}
        className="account"
        align="end"
        items={[[...accountItems(actions, messages), out]]}
      >
        <span className="cut" title={visibleText(session.username)}>
          <Shown text={session.name ?? session.username} />
        </span>{' '}
        <small>{messages.roles[session.role]}</small>
        <Icon name="down" />
      </Menu>
    </>
  )
}

interface Page {
  path: string
  title: string
  current: boolean
}

function usePages(tenant: Tenant | undefined): Page[] {
  const { messages } = useLanguage()
  const { pathname } = useLocation()
  const session = useSession()
  if (!tenant) return []
  const root = `/t/${encodeURIComponent(tenant.id)}`
  const settings = settingsPath(tenant.id)
  const pages = [
    { path: `${root}/log`, title: messages.operationLog, current: pathname.startsWith(`${root}/log`) },
    { path: `${root}/exports`, title: messages.exportsPage, current: pathname.startsWith(`${root}/exports`) },
  ]
  const checkpoint = settingsPath(tenant.id, 'checkpoint')
  if (!administers(session))
    return [...pages, { path: checkpoint, title: messages.checkpoint, current: pathname === checkpoint }]
  return [...pages, { path: settings, title: messages.settings, current: pathname.startsWith(settings) }]
}

/** The tenant's name; a menu if there are several tenants. */
function TenantMenu({ tenant }: { tenant: Tenant }) {
  const { messages } = useLanguage()
  const { tenants } = useSession()
  const navigate = useNavigate()
  if (tenants.length < 2)
    return (
      <span className="tenant">
        <span className="cut" title={visibleText(tenant.name)}>
          <Shown text={tenant.name} />
        </span>
      </span>
    )
  const items = tenants.map(({ id, name }) => ({
    key: id,
    label: name,
    selected: id === tenant.id,
    onChoose: () => navigate(`/t/${encodeURIComponent(id)}/log`),
  }))
  return (
    <Menu label={messages.tenant} className="tenant" title={messages.tenant} items={[items]}>
      <span className="cut" title={visibleText(tenant.name)}>
        <Shown text={tenant.name} />
      </span>
      <Icon name="down" />
    </Menu>
  )
}

function PhoneMenu({ pages, ...actions }: Actions & { pages: Page[] }) {
  const { tag, messages } = useLanguage()
  const session = useSession()
  const navigate = useNavigate()
  const saveLanguage = useSaveLanguage()
  const other = tag === 'en' ? 'zh-CN' : 'en'
  const items: MenuItem[][] = [
    [{ key: 'who', label: `${session.name ?? session.username} · ${messages.roles[session.role]}` }],
    pages.map((page) => ({
      key: page.path,
      label: page.title,
      selected: page.current,
      onChoose: () => navigate(page.path),
    })),
    [
      {
        key: 'language',
        label: <span lang={other}>{other === 'en' ? 'English' : '中文'}</span>,
        onChoose: () => saveLanguage.mutate(other),
      },
      ...accountItems(actions, messages),
      { key: 'help', label: messages.help, onChoose: actions.onHelp },
      { key: 'out', label: messages.signOut, onChoose: actions.onSignOut },
    ],
  ]
  return (
    <Menu
      silent
      label={messages.menu}
      className="icon-button"
      align="end"
      items={items.filter((group) => group.length)}
    >
      <Icon name="menu" />
    </Menu>
  )
}
