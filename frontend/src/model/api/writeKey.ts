import { call, tenantPath } from './http'
import type { MadeKey } from './types'

/** Makes a key that records operations. Its text is in the answer alone. */
export function makeWriteKey(tenant: string, name: string): Promise<MadeKey> {
  return call<MadeKey>(tenantPath(tenant, 'keys'), { method: 'POST', body: { scope: 'write', name } })
}
