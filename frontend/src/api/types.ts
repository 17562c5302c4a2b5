// The wire's shapes, by hand until they are generated from the server's OpenAPI document (`npm run types`).
// Nothing else in the console declares a wire shape: swapping is an edit of this file alone.

export type Role = 'owner' | 'admin' | 'auditor' | 'member'
export type LocaleTag = 'en' | 'zh-CN'

export interface Tenant {
  id: string
  name: string
  time_zone: string
  data_permission: boolean
}

export interface Session {
  username: string
  role: Role
  locale: LocaleTag
  tenants: Tenant[]
  organization?: string
}

export interface Change {
  field: string
  before?: unknown
  after?: unknown
}

export interface Entry {
  id: string
  seq: number
  time: string
  received_at: string
  user: { id: string; name: string; role?: string }
  organization?: { id?: string; name?: string }
  module: string
  operation: string
  content?: { id?: string; name?: string }
  origin: 'manual'
  outcome: 'success' | 'failure'
  ip?: string
  user_agent?: string
  changes?: Change[]
  details?: Record<string, unknown>
}

export interface Proof {
  leaf: string
  index: number
  size: number
  path: string[]
  checkpoint: string
}

export interface ProvenEntry extends Entry {
  proof?: Proof
}

export interface EntryPage {
  entries: Entry[]
  next_cursor?: string
}

export interface Bucket {
  from: string
  count: number
}

export type Interval = '1m' | '5m' | '15m' | '1h' | '3h' | '6h' | '12h' | '1d' | '7d' | '1mo' | '1y'

export interface FacetValue {
  value: string
  name?: string
  count: number
}

export interface Summary {
  total: number
  from: string
  to: string
  histogram: { interval: Interval; buckets: Bucket[] }
  facets: {
    module: FacetValue[]
    operation: FacetValue[]
    user: FacetValue[]
    organization?: FacetValue[]
  }
}

export type Title = Record<LocaleTag, string>
export type OperationGroup = 'destructive' | 'outward' | 'create' | 'change'

export interface CatalogModule {
  key: string
  title: Title
  operations: string[]
}

export interface CatalogOperation {
  key: string
  title: Title
  group: OperationGroup
}

export interface Catalog {
  modules: CatalogModule[]
  operations: CatalogOperation[]
}

export interface Organization {
  id: string
  parent_id?: string | null
  name: string
  archived?: boolean
}

export type Preset = 'today' | 'last_7_days' | 'last_30_days' | 'last_90_days'
export type ExportFormat = 'csv' | 'ndjson'

export interface WireFilters {
  q?: string
  user?: string[]
  module?: string[]
  operation?: string[]
  organization?: string[]
  content_id?: string[]
}

export interface ExportRequest {
  range: Preset | 'custom'
  from?: string
  to?: string
  format: ExportFormat
  filters: WireFilters
}

export interface Export {
  id: string
  status: 'running' | 'done' | 'failed' | 'cancelled'
  rows_done: number
  rows_total: number
  format: string
  range: Preset | 'custom'
  from?: string
  to?: string
  filters?: WireFilters
  file_name?: string
  size?: number
  /** A person, or the name of an API key. */
  created_by?: { username?: string; key?: string }
  created_at: string
  finished_at?: string
  expires_at?: string
  error?: string
}

export interface ProblemBody {
  title?: string
  status?: number
  detail?: string
  errors?: { location?: string; message?: string; value?: unknown }[]
}
