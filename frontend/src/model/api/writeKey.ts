import { call, tenantPath } from './http'
import type { CreatedKey } from './types'

/** Creates a write key. Its text is only in the response. */
export function makeWriteKey(tenant: string, name: string): Promise<CreatedKey> {
  return call<CreatedKey>(tenantPath(tenant, 'keys'), { method: 'POST', body: { scope: 'write', name } })
}
