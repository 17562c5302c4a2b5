import { afterEach, expect, test, vi } from 'vitest'
import { makePasskey, PasskeyError, provePasskey } from './passkey'

afterEach(() => vi.unstubAllGlobals())

const bytes = (...values: number[]) => Uint8Array.from(values).buffer
const challenge = '-_8A' // the bytes 251, 255, 0
const { signal } = new AbortController()

/** A browser with passkeys, whose prompt ends like this. */
function browser(prompt: (options: unknown) => unknown, own: object = {}) {
  const asked = vi.fn(async (options: unknown) => prompt(options))
  vi.stubGlobal('PublicKeyCredential', own)
  vi.stubGlobal('navigator', { credentials: { create: asked, get: asked } })
  return asked
}

test('the browser itself reads the options and writes the answer', async () => {
  const asked = browser(() => ({ toJSON: () => ({ id: 'made' }) }), {
    parseCreationOptionsFromJSON: (json: object) => ({ creation: json }),
    parseRequestOptionsFromJSON: (json: object) => ({ request: json }),
  })
  expect(await makePasskey({ challenge }, signal)).toEqual({ id: 'made' })
  expect(await provePasskey({ challenge }, signal)).toEqual({ id: 'made' })
  expect(asked.mock.calls).toEqual([
    [{ publicKey: { creation: { challenge } }, signal }],
    [{ publicKey: { request: { challenge } }, signal }],
  ])
})

test('without its help, the same is done here', async () => {
  const common = { id: '-_8', rawId: bytes(251, 255), type: 'public-key' }
  const made = browser(() => ({
    ...common,
    response: { clientDataJSON: bytes(1), attestationObject: bytes(2, 3), getTransports: () => ['internal'] },
  }))
  const options = { challenge, rp: { id: 'log.example.com' }, user: { id: 'AQ', name: 'ada' }, timeout: 9 }
  expect(await makePasskey({ ...options, excludeCredentials: [{ id: 'Ag', type: 'public-key' }] }, signal)).toEqual({
    id: '-_8',
    rawId: '-_8',
    type: 'public-key',
    clientExtensionResults: {},
    response: { clientDataJSON: 'AQ', attestationObject: 'AgM', transports: ['internal'] },
  })
  expect(made).toHaveBeenCalledWith({
    publicKey: {
      ...options,
      challenge: Uint8Array.of(251, 255, 0),
      user: { id: Uint8Array.of(1), name: 'ada' },
      excludeCredentials: [{ id: Uint8Array.of(2), type: 'public-key' }],
    },
    signal,
  })

  const answer = { clientDataJSON: bytes(1), authenticatorData: bytes(2), signature: bytes(3), userHandle: null }
  const proved = browser(() => ({ ...common, response: answer }))
  expect(await provePasskey({ challenge, rpId: 'log.example.com' }, signal)).toMatchObject({
    rawId: '-_8',
    response: { clientDataJSON: 'AQ', authenticatorData: 'Ag', signature: 'Aw' },
  })
  expect(proved).toHaveBeenCalledWith({
    publicKey: { challenge: Uint8Array.of(251, 255, 0), rpId: 'log.example.com', allowCredentials: [] },
    signal,
  })
})

test.for([
  ['NotAllowedError', 'The operation either timed out or was not allowed.', 'notMade', 'notUsed'],
  ['NotAllowedError', 'WebAuthn is not supported on sites with TLS certificate errors.', 'address', 'address'],
  ['SecurityError', 'The relying party ID is not a registrable domain suffix.', 'address', 'address'],
  ['InvalidStateError', 'The authenticator was previously registered.', 'exists', 'failed'],
  ['NotSupportedError', 'No algorithm.', 'noDevice', 'noDevice'],
  ['ConstraintError', 'No verification.', 'noDevice', 'noDevice'],
  ['AbortError', 'Aborted.', 'stopped', 'stopped'],
  ['UnknownError', 'An unknown error occurred.', 'failed', 'failed'],
] as const)('%s: %s', async ([name, message, making, proving]) => {
  browser(() => {
    throw new DOMException(message, name)
  })
  await expect(makePasskey({ challenge, user: { id: 'AQ' } }, signal)).rejects.toMatchObject({ fault: making })
  await expect(provePasskey({ challenge }, signal)).rejects.toMatchObject({ fault: proving })
})

test('a browser without passkeys, and one that answers with none', async () => {
  vi.stubGlobal('navigator', {})
  await expect(makePasskey({ challenge }, signal)).rejects.toEqual(new PasskeyError('unsupported'))
  browser(() => null)
  await expect(provePasskey({ challenge }, signal)).rejects.toEqual(new PasskeyError('notUsed'))
})
