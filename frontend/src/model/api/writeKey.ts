import { call, tenantPath } from './http'
import type { MadeKey } from './types'

/** Creates a write key. Its text is only in the response. */
export function makeWriteKey(tenant: string, name: string): Promise<MadeKey> {
  return call<MadeKey>(tenantPath(tenant, 'keys'), { method: 'POST', body: { scope: 'write', name } })
}
