import { useMemo } from 'react'
import { encode } from 'uqr'

interface Props {
  label: string
  text: string
  /** Its sides in pixels. */
  size: number
}

/** A text as a QR code: black on white in every theme, so that cameras read it. */
export function QrCode({ label, text, size }: Props) {
  const code = useMemo(() => encode(text, { ecc: 'M', border: 0 }), [text])
  return (
    <svg
      role="img"
      aria-label={label}
      width={size}
      height={size}
      viewBox={`0 0 ${code.size} ${code.size}`}
      shapeRendering="crispEdges"
    >
      <path fill="#fff" d={`M0 0h${code.size}v${code.size}H0z`} />
      <path fill="#000" d={squares(code.data)} />
    </svg>
  )
}

/** The path of the dark squares; neighbours in a row are joined. */
function squares(rows: boolean[][]): string {
  let path = ''
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue
      const first = x
      while (row[x + 1]) x++
      path += `M${first} ${y}h${x + 1 - first}v1H${first}z`
    }
  })
  return path
}
