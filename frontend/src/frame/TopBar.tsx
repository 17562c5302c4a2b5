import { Dropdown, type MenuProps } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { Link, useLocation, useNavigate } from 'react-router'
import { administers, settingsPath } from '../admin/access'
import type { Tenant } from '../api/types'
import { useLanguage } from '../i18n/language'
import { LanguageSwitch } from '../session/LanguageSwitch'
import { useSaveLanguage, useSignOut } from '../session/queries'
import { useSession } from '../session/session'
import { Icon, Mark } from '../theme/Icon'
import { useKey } from './useKey'
import { useViewport } from './viewport'
import './frame.css'

const HelpDialog = lazy(() => import('./HelpDialog'))

/** The bar above every page of someone who may see the log. */
export function TopBar({ tenant }: { tenant?: Tenant }) {
  const { words } = useLanguage()
  const session = useSession()
  const saveLanguage = useSaveLanguage()
  const signOut = useSignOut()
  const phone = useViewport() < 768

  const [help, setHelp] = useState(false)
  useKey('?', () => setHelp(true))
  const pages = usePages(tenant)
  const navigate = useNavigate()
  const toSessions = tenant && (() => navigate(settingsPath(tenant.id, 'sessions')))
  const account: MenuProps = {
    items: [
      ...(toSessions ? [{ key: 'sessions', label: words.yourSessions, onClick: toSessions }] : []),
      { key: 'out', label: words.signOut, onClick: () => signOut.mutate() },
    ],
  }
  return (
    <header className="top">
      <Link className="mark" to="/">
        <Mark />
        oplog
      </Link>
      {tenant && <TenantMenu tenant={tenant} />}
      {!phone && tenant && (
        <nav className="nav" aria-label={words.mainNavigation}>
          {pages.map((page) => (
            <Link key={page.path} to={page.path} aria-current={page.current ? 'page' : undefined}>
              {page.title}
            </Link>
          ))}
        </nav>
      )}
      <span className="grow" />
      {!phone && (
        <button
          type="button"
          className="icon-button"
          aria-label={words.help}
          title={words.help}
          aria-keyshortcuts="?"
          onClick={() => setHelp(true)}
        >
          <Icon name="help" />
        </button>
      )}
      {!phone && <LanguageSwitch onChange={(tag) => saveLanguage.mutate(tag)} />}
      {phone ? (
        <PhoneMenu
          pages={pages}
          onSessions={toSessions}
          onHelp={() => setHelp(true)}
          onSignOut={() => signOut.mutate()}
        />
      ) : (
        <Dropdown menu={account} trigger={['click']} placement="bottomRight">
          <button type="button" className="account" aria-haspopup="menu">
            <span className="cut">{session.name ?? session.username}</span> <small>{words.roles[session.role]}</small>
            <Icon name="down" />
          </button>
        </Dropdown>
      )}
      {help && (
        <Suspense fallback={null}>
          <HelpDialog onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </header>
  )
}

interface Page {
  path: string
  title: string
  current: boolean
}

function usePages(tenant: Tenant | undefined): Page[] {
  const { words } = useLanguage()
  const { pathname } = useLocation()
  const session = useSession()
  if (!tenant) return []
  const root = `/t/${encodeURIComponent(tenant.id)}`
  const settings = settingsPath(tenant.id)
  const pages = [
    { path: `${root}/log`, title: words.operationLog, current: pathname.startsWith(`${root}/log`) },
    { path: `${root}/exports`, title: words.exportsPage, current: pathname.startsWith(`${root}/exports`) },
  ]
  if (!administers(session)) return pages
  return [...pages, { path: settings, title: words.settings, current: pathname.startsWith(settings) }]
}

/** The tenant's name; a menu only for those who have more than one. */
function TenantMenu({ tenant }: { tenant: Tenant }) {
  const { words } = useLanguage()
  const { tenants } = useSession()
  const navigate = useNavigate()
  if (tenants.length < 2)
    return (
      <span className="tenant">
        <span className="cut">{tenant.name}</span>
      </span>
    )
  const menu: MenuProps = {
    selectedKeys: [tenant.id],
    items: tenants.map(({ id, name }) => ({
      key: id,
      label: name,
      onClick: () => navigate(`/t/${encodeURIComponent(id)}/log`),
    })),
  }
  return (
    <Dropdown menu={menu} trigger={['click']}>
      <button type="button" className="tenant" aria-haspopup="menu" title={words.tenant}>
        <span className="cut">{tenant.name}</span>
        <Icon name="down" />
      </button>
    </Dropdown>
  )
}

interface PhoneMenuProps {
  pages: Page[]
  onSessions: (() => void) | undefined
  onHelp: () => void
  onSignOut: () => void
}

function PhoneMenu({ pages, onSessions, onHelp, onSignOut }: PhoneMenuProps) {
  const { tag, words } = useLanguage()
  const session = useSession()
  const navigate = useNavigate()
  const saveLanguage = useSaveLanguage()
  const other = tag === 'en' ? 'zh-CN' : 'en'
  const menu: MenuProps = {
    selectedKeys: pages.filter((page) => page.current).map((page) => page.path),
    items: [
      { key: 'who', label: `${session.name ?? session.username} · ${words.roles[session.role]}`, disabled: true },
      { type: 'divider' },
      ...pages.map((page) => ({ key: page.path, label: page.title, onClick: () => navigate(page.path) })),
      { type: 'divider' },
      {
        key: 'language',
        label: <span lang={other}>{other === 'en' ? 'English' : '中文'}</span>,
        onClick: () => saveLanguage.mutate(other),
      },
      ...(onSessions ? [{ key: 'sessions', label: words.yourSessions, onClick: onSessions }] : []),
      { key: 'help', label: words.help, onClick: onHelp },
      { key: 'out', label: words.signOut, onClick: onSignOut },
    ],
  }
  return (
    <Dropdown menu={menu} trigger={['click']} placement="bottomRight">
      <button type="button" className="icon-button" aria-label={words.menu} aria-haspopup="menu">
        <Icon name="menu" />
      </button>
    </Dropdown>
  )
}
