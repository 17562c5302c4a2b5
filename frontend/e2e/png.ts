import { crc32, deflateSync, inflateSync } from 'node:zlib'

/**
 * A screenshot with at most 256 colours, a third of its size: for each part of the colour space that occurs most,
 * the colour that occurs most in it. Text and flat surfaces look the same.
 */
export function smallPng(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png)
  const palette = commonColours(pixels)
  const nearest = new Map<number, number>()
  const rows = Buffer.alloc(height * (width + 1)) // each begins with its filter: none
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const colour = pixels[y * width + x] ?? 0
      let index = nearest.get(colour)
      if (index === undefined) {
        index = nearestOf(palette, colour)
        nearest.set(colour, index)
      }
      rows[y * (width + 1) + 1 + x] = index
    }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3], 8) // 8 bits, an index into the palette
  return Buffer.concat([
    png.subarray(0, 8),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const channels = (colour: number) => [colour >> 16, (colour >> 8) & 255, colour & 255]

function commonColours(pixels: Uint32Array): number[] {
  const counts = new Map<number, number>()
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const parts = new Map<number, { colour: number; most: number; all: number }>()
  for (const [colour, count] of counts) {
    const key = colour & 0xf0f0f0
    const part = parts.get(key) ?? { colour, most: 0, all: 0 }
    part.all += count
    if (count > part.most) Object.assign(part, { colour, most: count })
    parts.set(key, part)
  }
  // The flattest surfaces first, pale ones beside each other too; then what is left of the parts.
  const surfaces = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 64)
  const rest = [...parts.values()].sort((a, b) => b.all - a.all)
  return [...new Set([...surfaces.map(([colour]) => colour), ...rest.map(({ colour }) => colour)])].slice(0, 256)
}

function nearestOf(palette: number[], colour: number): number {
  const [r = 0, g = 0, b = 0] = channels(colour)
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (const [index, one] of palette.entries()) {
    const [r2 = 0, g2 = 0, b2 = 0] = channels(one)
    const distance = (r - r2) ** 2 + (g - g2) ** 2 + (b - b2) ** 2
    if (distance < least) [best, least] = [index, distance]
  }
  return best
}

/** Reads what the browser writes: 8 bits a channel, not interlaced (ISO/IEC 15948). */
function decode(png: Buffer): { width: number; height: number; pixels: Uint32Array } {
  const data: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  const [width, height, step] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3]
  const raw = inflateSync(Buffer.concat(data))
  const line = width * step
  const bytes = new Uint8Array(line * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)] ?? 0
    for (let x = 0; x < line; x++) {
      const left = x < step ? 0 : (bytes[y * line + x - step] ?? 0)
      const up = y === 0 ? 0 : (bytes[(y - 1) * line + x] ?? 0)
      const corner = y === 0 || x < step ? 0 : (bytes[(y - 1) * line + x - step] ?? 0)
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0
      bytes[y * line + x] = (raw[y * (line + 1) + 1 + x] ?? 0) + guess
    }
  }
  const pixels = new Uint32Array(width * height)
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = ((bytes[i * step] ?? 0) << 16) | ((bytes[i * step + 1] ?? 0) << 8) | (bytes[i * step + 2] ?? 0)
  return { width, height, pixels }
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(data.length)
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([head, body, sum])
}
