import type { Session } from '../api/types'

/** Whether a person administers a whole tenant: an admin of one organization does not. */
export function administers(session: Pick<Session, 'role' | 'organization'>): boolean {
  return session.role === 'owner' || (session.role === 'admin' && !session.organization)
}

export function settingsPath(tenant: string, section = ''): string {
  return `/t/${encodeURIComponent(tenant)}/settings${section && `/${section}`}`
}
