/** Every query key of the console, so that what one place reads another can refresh. */
export const queryKeys = {
  session: ['session'] as const,
  /** Set when a person has signed out, which is not a session that ended under them. */
  left: ['left'] as const,
  /** Whose session ended, so that only they come back to what was read before. */
  ended: ['ended'] as const,
  setup: ['setup'] as const,
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
  /** The key that was made for the integration page, until that page takes it. */
  madeKey: (tenant: string) => ['tenant', tenant, 'made key'] as const,
  apiKeys: (tenant: string) => ['tenant', tenant, 'keys'] as const,
  retention: (tenant: string) => ['tenant', tenant, 'retention'] as const,
  status: (tenant: string) => ['tenant', tenant, 'status'] as const,
  checkpoint: (tenant: string) => ['tenant', tenant, 'checkpoint'] as const,
  /** `null` for what is of no tenant. */
  access: (tenant: string | null, filters: string) => ['tenant', tenant, 'access', 'list', filters] as const,
  accessEntry: (tenant: string | null, id: string) => ['tenant', tenant, 'access', 'entry', id] as const,
  // What is of no tenant stands below the same first word: all that one account saw goes when another signs in.
  sessions: ['tenant', null, 'sessions'] as const,
  tenants: ['tenant', null, 'tenants'] as const,
  system: ['tenant', null, 'system'] as const,
}
