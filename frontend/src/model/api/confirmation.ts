import { onRefusal } from './http'

/** Asks the person to confirm who it is; false if that did not happen. */
type Ask = () => Promise<boolean>

let asker: Ask | undefined
let open: Promise<boolean> | undefined
let cancel: (() => void) | undefined

/** Sets what asks the person to confirm; undefined while nothing can, which cancels the question that is open. */
export function setAsker(ask: Ask | undefined) {
  asker = ask
  cancel?.()
  open = undefined
  onRefusal.handle = ask && ((type) => (type === 'urn:oplog:confirm-required' ? askToConfirm() : undefined))
}

/** Asks the person to confirm who it is, once for all requests that wait for it. */
function askToConfirm(): Promise<boolean> {
  if (!asker) return Promise.resolve(false)
  open ??= Promise.race([
    asker(),
    new Promise<boolean>((resolve) => {
      cancel = () => resolve(false)
    }),
  ]).finally(() => {
    open = undefined
  })
  return open
}
