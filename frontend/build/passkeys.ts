import { vi } from 'vitest'

type Prompt = (options: { signal: AbortSignal }) => Promise<unknown>

/** Makes the browser have passkeys: whether it makes or proves one, its prompts end like these, one after the other. */
export function stubPasskeys(...prompts: Prompt[]) {
  const asIs = (json: object) => json
  vi.stubGlobal('PublicKeyCredential', { parseCreationOptionsFromJSON: asIs, parseRequestOptionsFromJSON: asIs })
  const prompt: Prompt = (options) => (prompts.shift() ?? refusePasskey)(options)
  Object.defineProperty(navigator, 'credentials', { configurable: true, value: { create: prompt, get: prompt } })
}

/** What the browser answers when the person cancels, or nothing is there to answer with. */
export const refusePasskey: Prompt = async () => {
  throw new DOMException('The operation either timed out or was not allowed.', 'NotAllowedError')
}

/** A prompt that ends well, with what is sent to the server. */
export function answerPasskey(json: unknown): Prompt {
  return async () => ({ toJSON: () => json })
}

/** A prompt that stands until it is aborted. */
export function holdPasskey(): Prompt {
  return ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}
