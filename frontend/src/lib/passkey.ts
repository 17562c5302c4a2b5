/** Why a browser made no passkey, or proved none. */
export type PasskeyFault =
  | 'unsupported'
  | 'notMade'
  | 'notUsed'
  | 'exists'
  | 'noDevice'
  | 'address'
  | 'stopped'
  | 'failed'

/** A browser's refusal; its own message is in the browser's language, and meant for developers. */
export class PasskeyError extends Error {
  readonly fault: PasskeyFault

  constructor(fault: PasskeyFault, cause?: unknown) {
    super(cause instanceof Error ? cause.message : fault, { cause })
    this.name = 'PasskeyError'
    this.fault = fault
  }
}

/** Has the browser make a passkey from the server's options, and returns what to send. */
export function makePasskey(options: unknown, signal: AbortSignal): Promise<unknown> {
  return ask('notMade', (api) => {
    const json = options as PublicKeyCredentialCreationOptionsJSON
    const publicKey = api.parseCreationOptionsFromJSON ? api.parseCreationOptionsFromJSON(json) : creation(json)
    return navigator.credentials.create({ publicKey, signal })
  })
}

/** Has the browser prove a passkey with the server's options, and returns what to send. */
export function provePasskey(options: unknown, signal: AbortSignal): Promise<unknown> {
  return ask('notUsed', (api) => {
    const json = options as PublicKeyCredentialRequestOptionsJSON
    const publicKey = api.parseRequestOptionsFromJSON ? api.parseRequestOptionsFromJSON(json) : request(json)
    return navigator.credentials.get({ publicKey, signal })
  })
}

// Browsers before 2025 have passkeys without these two.
type Api = Partial<Pick<typeof PublicKeyCredential, 'parseCreationOptionsFromJSON' | 'parseRequestOptionsFromJSON'>>

async function ask(refused: 'notMade' | 'notUsed', prompt: (api: Api) => Promise<Credential | null>): Promise<unknown> {
  if (!('PublicKeyCredential' in globalThis)) throw new PasskeyError('unsupported')
  try {
    const credential = await prompt(PublicKeyCredential)
    if (credential) return jsonOf(credential as PublicKeyCredential)
  } catch (error) {
    throw new PasskeyError(faultOf(error, refused), error)
  }
  throw new PasskeyError(refused)
}

function faultOf(error: unknown, refused: 'notMade' | 'notUsed'): PasskeyFault {
  const { name, message } = error instanceof Error ? error : new Error()
  switch (name) {
    case 'AbortError':
      return 'stopped'
    case 'NotAllowedError':
      return /\bcertificate/i.test(message) ? 'address' : refused // Chromium's word for a certificate that it does not trust
    case 'SecurityError':
      return 'address'
    case 'InvalidStateError':
      return refused === 'notMade' ? 'exists' : 'failed'
    case 'NotSupportedError':
    case 'ConstraintError':
      return 'noDevice'
    default:
      return 'failed'
  }
}

function creation(json: PublicKeyCredentialCreationOptionsJSON): PublicKeyCredentialCreationOptions {
  const { challenge, user, excludeCredentials = [], ...rest } = json
  return {
    ...(rest as Omit<PublicKeyCredentialCreationOptions, 'challenge' | 'user' | 'excludeCredentials'>),
    challenge: bytesOf(challenge),
    user: { ...user, id: bytesOf(user.id) },
    excludeCredentials: excludeCredentials.map(descriptor),
  }
}

function request(json: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  const { challenge, allowCredentials = [], ...rest } = json
  return {
    ...(rest as Omit<PublicKeyCredentialRequestOptions, 'challenge' | 'allowCredentials'>),
    challenge: bytesOf(challenge),
    allowCredentials: allowCredentials.map(descriptor),
  }
}

function descriptor(json: PublicKeyCredentialDescriptorJSON): PublicKeyCredentialDescriptor {
  return { ...json, id: bytesOf(json.id) } as PublicKeyCredentialDescriptor
}

const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'] as const

type Response = Partial<Record<(typeof parts)[number], ArrayBuffer | null>> & { getTransports?: () => string[] }

/** What `toJSON` returns, also where a browser or an extension of it has no such method. */
function jsonOf(credential: PublicKeyCredential): unknown {
  if (typeof credential.toJSON === 'function') return credential.toJSON()
  const answer: Response = credential.response
  const response: Record<string, unknown> = {}
  for (const part of parts) {
    const bytes = answer[part]
    if (bytes) response[part] = textOf(bytes)
  }
  if (answer.getTransports) response.transports = answer.getTransports()
  const { id, rawId, type } = credential as PublicKeyCredential
  return { id, rawId: textOf(rawId), type, clientExtensionResults: {}, response }
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const base64 = base64url.replaceAll('-', '+').replaceAll('_', '/')
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

function textOf(bytes: ArrayBuffer): string {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(bytes)))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
