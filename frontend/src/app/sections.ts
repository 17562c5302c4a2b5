import { type ComponentType, lazy } from 'react'
import type { AdminWords } from '../i18n/admin.en'
import type { Session, Tenant } from '../model/api/types'
import { administers } from '../model/session/permissions'

/** A page of the settings. To add one: a line in `sections`, its title in the words, a default export. */
export interface Section {
  path: string
  group: 'tenant' | 'server' | 'you'
  who: 'everyone' | 'readers' | 'admins' | 'owners'
  title: (words: AdminWords) => string
  page: ComponentType<{ tenant: Tenant }>
}

/** All sections, in menu order. */
export const sections: Section[] = [
  {
    path: 'accounts',
    group: 'tenant',
    who: 'admins',
    title: (words) => words.accounts.title,
    page: lazy(() => import('../features/accounts/AccountsPage')),
  },
  {
    path: 'integration',
    group: 'tenant',
    who: 'admins',
    title: (words) => words.integration,
    page: lazy(() => import('../features/integration/IntegrationPage')),
  },
  {
    path: 'keys',
    group: 'tenant',
    who: 'admins',
    title: (words) => words.keys.title,
    page: lazy(() => import('../features/keys/KeysPage')),
  },
  {
    path: 'catalog',
    group: 'tenant',
    who: 'admins',
    title: (words) => words.catalog.title,
    page: lazy(() => import('../features/catalog/CatalogPage')),
  },
  {
    path: 'organizations',
    group: 'tenant',
    who: 'admins',
    title: (words) => words.organizations.title,
    page: lazy(() => import('../features/organizations/OrganizationsPage')),
  },
  {
    path: 'retention',
    group: 'tenant',
    who: 'admins',
    title: (words) => words.retention.title,
    page: lazy(() => import('../features/retention/RetentionPage')),
  },
  {
    path: 'access',
    group: 'tenant',
    who: 'admins',
    title: (words) => words.access.title,
    page: lazy(() => import('../features/access/AccessPage')),
  },
  {
    path: 'checkpoint',
    group: 'tenant',
    who: 'readers',
    title: (words) => words.system.checkpoint,
    page: lazy(() => import('../features/system/CheckpointPage')),
  },
  {
    path: 'tenants',
    group: 'server',
    who: 'owners',
    title: (words) => words.tenants.title,
    page: lazy(() => import('../features/tenants/TenantsPage')),
  },
  {
    path: 'system',
    group: 'server',
    who: 'admins',
    title: (words) => words.system.title,
    page: lazy(() => import('../features/system/SystemPage')),
  },
  {
    path: 'account',
    group: 'you',
    who: 'everyone',
    title: (words) => words.groups.you,
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
