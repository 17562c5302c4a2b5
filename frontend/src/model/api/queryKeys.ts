/** All query keys of the console, so that any part can refresh the data of another. */
export const queryKeys = {
  session: ['session'] as const,
  /** Set after signing out, as opposed to a session that ended. */
  left: ['left'] as const,
  /** The account whose session ended, so that only it returns to the earlier data. */
  ended: ['ended'] as const,
  setup: ['setup'] as const,
  readOnly: ['read-only'] as const,
  verifierKey: ['key'] as const,
  tenant: (tenant: string) => ['tenant', tenant] as const,
  catalog: (tenant: string) => ['tenant', tenant, 'catalog'] as const,
  organizations: (tenant: string) => ['tenant', tenant, 'organizations'] as const,
  organizationCounts: (tenant: string) => ['tenant', tenant, 'organization counts'] as const,
  log: (tenant: string) => ['tenant', tenant, 'log'] as const,
  entries: (tenant: string, filters: string) => ['tenant', tenant, 'log', 'entries', filters] as const,
  summary: (tenant: string, filters: string) => ['tenant', tenant, 'log', 'summary', filters] as const,
  entry: (tenant: string, id: string, seq: number | undefined) => ['tenant', tenant, 'entry', id, seq] as const,
  recount: (tenant: string, filters: string) => ['tenant', tenant, 'recount', filters] as const,
  history: (tenant: string, contentId: string) => ['tenant', tenant, 'history', contentId] as const,
  views: (tenant: string) => ['tenant', tenant, 'views'] as const,
  exports: (tenant: string) => ['tenant', tenant, 'exports'] as const,
  accounts: (tenant: string) => ['tenant', tenant, 'accounts'] as const,
  accountSessions: (tenant: string, username: string) => ['tenant', tenant, 'accounts', username, 'sessions'] as const,
  /** The key created for the integration page, until the page takes it. */
  createdKey: (tenant: string) => ['tenant', tenant, 'created key'] as const,
  apiKeys: (tenant: string) => ['tenant', tenant, 'keys'] as const,
  retention: (tenant: string) => ['tenant', tenant, 'retention'] as const,
  status: (tenant: string) => ['tenant', tenant, 'status'] as const,
  checkpoint: (tenant: string) => ['tenant', tenant, 'checkpoint'] as const,
  /** `null` for the server's own log. */
  access: (tenant: string | null, filters: string) => ['tenant', tenant, 'access', 'list', filters] as const,
  accessEntry: (tenant: string | null, id: string) => ['tenant', tenant, 'access', 'entry', id] as const,
  // Queries without a tenant share the first part: when another account signs in, everything of the first is removed.
  sessions: ['tenant', null, 'sessions'] as const,
  secondFactor: ['tenant', null, 'second factor'] as const,
  factorRule: ['tenant', null, 'second factor rule'] as const,
  tenants: ['tenant', null, 'tenants'] as const,
  system: ['tenant', null, 'system'] as const,
}
