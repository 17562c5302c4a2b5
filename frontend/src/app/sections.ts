import { type ComponentType, lazy } from 'react'
import type { AdminMessages } from '../i18n/admin.en'
import type { Session, Tenant } from '../model/api/types'
import { administers } from '../model/session/permissions'

/** A settings page. To add one: a line in `sections`, its title in the messages, and a default export. */
export interface Section {
  path: string
  group: 'tenant' | 'server' | 'you'
  who: 'everyone' | 'readers' | 'admins' | 'owners'
  title: (messages: AdminMessages) => string
  page: ComponentType<{ tenant: Tenant }>
}

/** All sections, in menu order. */
export const sections: Section[] = [
  {
    path: 'accounts',
    group: 'tenant',
    who: 'admins',
    title: (messages) => messages.accounts.title,
    page: lazy(() => import('../features/accounts/AccountsPage')),
  },
  {
    path: 'integration',
    group: 'tenant',
    who: 'admins',
    title: (messages) => messages.integration,
    page: lazy(() => import('../features/integration/IntegrationPage')),
  },
  {
    path: 'keys',
    group: 'tenant',
    who: 'admins',
    title: (messages) => messages.keys.title,
    page: lazy(() => import('../features/keys/KeysPage')),
  },
  {
    path: 'catalog',
    group: 'tenant',
    who: 'admins',
    title: (messages) => messages.catalog.title,
    page: lazy(() => import('../features/catalog/CatalogPage')),
  },
  {
    path: 'organizations',
    group: 'tenant',
    who: 'admins',
    title: (messages) => messages.organizations.title,
    page: lazy(() => import('../features/organizations/OrganizationsPage')),
  },
  {
    path: 'retention',
    group: 'tenant',
    who: 'admins',
    title: (messages) => messages.retention.title,
    page: lazy(() => import('../features/retention/RetentionPage')),
  },
  {
    path: 'access',
    group: 'tenant',
    who: 'admins',
    title: (messages) => messages.access.title,
    page: lazy(() => import('../features/access/AccessPage')),
  },
  {
    path: 'checkpoint',
    group: 'tenant',
    who: 'readers',
    title: (messages) => messages.system.checkpoint,
    page: lazy(() => import('../features/system/CheckpointPage')),
  },
  {
    path: 'tenants',
    group: 'server',
    who: 'owners',
    title: (messages) => messages.tenants.title,
    page: lazy(() => import('../features/tenants/TenantsPage')),
  },
  {
    path: 'identity',
    group: 'server',
    who: 'owners',
    title: (messages) => messages.signIn,
    page: lazy(() => import('../features/identity/IdentityPage')),
  },
  {
    path: 'system',
    group: 'server',
    who: 'admins',
    title: (messages) => messages.system.title,
    page: lazy(() => import('../features/system/SystemPage')),
  },
  {
    path: 'account',
    group: 'you',
    who: 'everyone',
    title: (messages) => messages.yourAccount,
    page: lazy(() => import('../features/accounts/AccountPage')),
  },
]

/** The sections that an account may open; the server enforces the same. */
export function sectionsFor(session: Pick<Session, 'role' | 'organization'>): Section[] {
  const admin = administers(session)
  // Admins find what readers have under System.
  const reader = !admin && session.role !== 'member'
  const may = { everyone: true, readers: reader, admins: admin, owners: session.role === 'owner' }
  return sections.filter(({ who }) => may[who])
}
