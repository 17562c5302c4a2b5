import { Suspense, useEffect, useState } from 'react'
import { Link, Navigate, useParams } from 'react-router'
import { useAdminMessages } from '../i18n/adminMessages'
import { useMessages } from '../i18n/language'
import type { Tenant } from '../model/api/types'
import { PrintHeader } from '../model/print/PrintHeader'
import { administers, settingsPath } from '../model/session/permissions'
import { useSession } from '../model/session/session'
import { preloadParts } from '../ui/hooks/preload'
import { ScrollRegion } from '../ui/hooks/scrollRegion'
import { useDocumentTitle } from '../ui/hooks/useDocumentTitle'
import { useViewportWidth } from '../ui/hooks/useViewportWidth'
import { Icon } from '../ui/Icon'
import NotFoundPage from './NotFoundPage'
import { type Section, sectionsFor } from './sections'
import { TopBar } from './TopBar'
import '../ui/page.css'
import './settings.css'

const groups = ['tenant', 'server', 'you'] as const

/** The frame of the settings: the menu of sections on the left, the chosen one beside it. A phone shows one of the two. */
export function SettingsPage({ tenant }: { tenant: Tenant }) {
  const common = useMessages()
  const messages = useAdminMessages()
  const phone = useViewportWidth() < 768
  const { section: path } = useParams()
  const [region, setRegion] = useState<HTMLElement | null>(null)
  const session = useSession()
  const own = sectionsFor(session)
  // Accounts without administration reach their few pages from the top bar.
  const menu = administers(session)
  const section = own.find((one) => one.path === path)
  useDocumentTitle(section ? section.title(messages) : common.settings)
  useEffect(preloadParts, [])

  if (path !== undefined && !section) return <NotFoundPage />
  if (!section && !(phone && menu)) return <Navigate replace to={settingsPath(tenant.id, own[0]?.path)} />
  return (
    <div className="app app-plain">
      <TopBar tenant={tenant} />
      <div className="settings">
        {menu && !(phone && section) && <Menu tenant={tenant} sections={own} current={section} />}
        {section && (
          <main ref={setRegion} className="settings-main page-scroll" key={section.path}>
            <div className="page-body">
              <PrintHeader tenant={tenant} title={section.title(messages)} />
              {phone && menu && (
                <Link className="link settings-back" to={settingsPath(tenant.id)}>
                  <Icon name="left" />
                  {common.settings}
                </Link>
              )}
              <ScrollRegion value={region}>
                <Suspense fallback={null}>
                  <section.page tenant={tenant} />
                </Suspense>
              </ScrollRegion>
            </div>
          </main>
        )}
      </div>
    </div>
  )
}

interface MenuProps {
  tenant: Tenant
  sections: Section[]
  current: Section | undefined
}

function Menu({ tenant, sections, current }: MenuProps) {
  const common = useMessages()
  const messages = useAdminMessages()
  return (
    <nav className="settings-menu" aria-label={common.settings}>
      {groups.map((group) => {
        const inside = sections.filter((section) => section.group === group)
        if (inside.length === 0) return null
        return (
          <section key={group} aria-labelledby={`settings-${group}`}>
            <h2 id={`settings-${group}`}>{messages.groups[group]}</h2>
            <ul>
              {inside.map((section) => (
                <li key={section.path}>
                  <Link
                    to={settingsPath(tenant.id, section.path)}
                    aria-current={section === current ? 'page' : undefined}
                  >
                    {section.title(messages)}
                    <Icon name="right" />
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        )
      })}
    </nav>
  )
}
