import type { ActionArea } from '../api/action'
import { call, tenantPath } from '../api/http'
import type { Consistency } from '../api/types'
import { checkPin, type Seen } from './pin'
import type { Doubt } from './proof'

/**
 * Checks that a signed checkpoint continues what this browser has seen of the log, and asks the server for the proof that the log has only
 * grown since, as part of an action.
 */
export async function checkContinues(seen: Omit<Seen, 'prove'>, action: ActionArea): Promise<Doubt | undefined> {
  const prove = (from: number, to: number) =>
    call<Consistency>(tenantPath(seen.tenant, `checkpoint/consistency?from=${from}&to=${to}`), { action })
  const problem = await checkPin({ ...seen, prove })
  if (!problem) return undefined
  return problem === 'growth' ? { state: 'unchecked', reason: problem } : { state: 'mismatch', reason: problem }
}
