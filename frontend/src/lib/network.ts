const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`)
const bits = /^(?:0|[1-9]\d{0,2})$/

/**
 * Parses an IP address or a network such as 10.0.0.0/8 for the server: surrounding spaces and the
 * full-width characters of input methods are accepted. Undefined for anything else.
 */
export function parseNetwork(text: string): string | undefined {
  const plain = text.normalize('NFKC').replaceAll('。', '.').trim()
  const [address = '', length, ...rest] = plain.split('/')
  const most = ipv4.test(address) ? 32 : isIPv6(address) ? 128 : -1
  if (most < 0 || rest.length > 0) return undefined
  if (length !== undefined && (!bits.test(length) || Number(length) > most)) return undefined
  return plain
}

function isIPv6(text: string): boolean {
  return /^[\da-f:.]+$/i.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`)
}
