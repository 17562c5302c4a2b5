// Signed notes: checkpoints and the keys that verify them, as golang.org/x/mod/sumdb/note and C2SP tlog-cosignature define them.

const ed25519 = 1
const cosignatureV1 = 4
const hashLength = 4
const timeLength = 8

interface VerifierKey {
  name: string
  /** Identifies the key in signatures. */
  hash: Uint8Array
  algorithm: number
  publicKey: Uint8Array<ArrayBuffer>
}

/** A witness, with the key that verifies its cosignatures. */
export interface WitnessKey {
  name: string
  key: string
}

export interface Cosignature {
  name: string
  /** RFC 3339, UTC. */
  at: string
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

export function bytesOrNone(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return bytesOf(base64)
  } catch {
    return undefined
  }
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

const utf8 = (text: string) => new TextEncoder().encode(text)

/** Parses a key of the form name+hash+base64, where the base64 may contain plus signs; undefined if it is not one, or its hash is wrong. */
async function readKey(text: string): Promise<VerifierKey | undefined> {
  const [, name, hash, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(text.trim()) ?? []
  const bytes = bytesOrNone(encoded ?? '')
  if (!name || !bytes?.length) return undefined
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from([...utf8(`${name}\n`), ...bytes]))
  const own = new Uint8Array(digest).slice(0, hashLength)
  const stated = Uint8Array.from(hash?.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
  if (!same(own, stated)) return undefined
  return { name, hash: own, algorithm: bytes[0] ?? 0, publicKey: bytes.slice(1) }
}

/** The name of the log in a verifier key. */
export function keyName(text: string): string {
  return text.trim().split('+', 1)[0] ?? ''
}

/** The key for the browser's cryptography; undefined if it knows no Ed25519. */
async function imported({ publicKey }: VerifierKey): Promise<CryptoKey | undefined> {
  try {
    return await crypto.subtle.importKey('raw', publicKey, { name: 'Ed25519' }, false, ['verify'])
  } catch {
    return undefined
  }
}

/** The text of a note, and the signatures on it that name a key. */
function signaturesBy(key: VerifierKey, note: string): { text: string; signatures: Uint8Array<ArrayBuffer>[] } {
  const split = note.lastIndexOf('\n\n')
  if (split < 0) return { text: '', signatures: [] }
  const signatures = note
    .slice(split + 2)
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([dash, signer]) => dash === '—' && signer === key.name)
    .map(([, , encoded]) => bytesOrNone(encoded ?? ''))
    .filter((signature) => signature !== undefined)
    .filter((signature) => same(signature.slice(0, hashLength), key.hash))
    .map((signature) => signature.slice(hashLength))
  return { text: note.slice(0, split + 1), signatures }
}

/** Whether the note is signed with a verifier key; undefined when this browser cannot tell. */
export async function isSigned(note: string, verifierKey: string): Promise<boolean | undefined> {
  const key = await readKey(verifierKey)
  if (!key) return false
  if (key.algorithm !== ed25519) return undefined
  const verifier = await imported(key)
  if (!verifier) return undefined
  const { text, signatures } = signaturesBy(key, note)
  for (const signature of signatures)
    if (await crypto.subtle.verify({ name: 'Ed25519' }, verifier, signature, utf8(text))) return true
  return false
}

/** The valid cosignatures of witnesses on a checkpoint, the latest of each. */
export async function cosignaturesOn(checkpoint: string, witnesses: WitnessKey[]): Promise<Cosignature[]> {
  const found: Cosignature[] = []
  for (const witness of witnesses) {
    const key = await readKey(witness.key)
    if (key?.algorithm !== cosignatureV1) continue
    const verifier = await imported(key)
    if (!verifier) continue
    const { text, signatures } = signaturesBy(key, checkpoint)
    let latest = 0
    for (const signature of signatures) {
      if (signature.length <= timeLength) continue
      const seconds = Number(new DataView(signature.buffer).getBigUint64(0))
      const signed = utf8(`cosignature/v1\ntime ${seconds}\n${text}`)
      if (await crypto.subtle.verify({ name: 'Ed25519' }, verifier, signature.slice(timeLength), signed))
        latest = Math.max(latest, seconds)
    }
    if (latest > 0) found.push({ name: witness.name, at: new Date(latest * 1000).toISOString() })
  }
  return found
}
