import { useState } from 'react'
import { useEntryMessages } from '../../i18n/entryMessages'
import type { Change } from '../../model/api/types'
import { useIsPrinting } from '../../model/print/usePrint'
import { Parts, Shown } from '../../ui/Shown'
import { markChanges, type Piece, sidesText } from './diff'

const foldAfter = 12

/** Each field before and after, with the changed characters marked. */
export function Changes({ changes }: { changes: Change[] }) {
  const messages = useEntryMessages()
  return (
    <table className="changes">
      <colgroup>
        <col className="changes-field" />
        <col />
        <col />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">{messages.field}</th>
          <th scope="col">{messages.before}</th>
          <th scope="col">{messages.after}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the recorded order never changes, and a field may occur twice
          <ChangeRow key={index} change={change} />
        ))}
      </tbody>
    </table>
  )
}

function ChangeRow({ change }: { change: Change }) {
  const messages = useEntryMessages()
  const [before, after] = sidesText(change)
  const marked = markChanges(before ?? '', after ?? '')
  const lines = Math.max(lineCount(before), lineCount(after))
  const [isFolded, setFolded] = useState(lines > foldAfter)
  const folded = !useIsPrinting() && isFolded // print cannot be unfolded
  return (
    <>
      <tr>
        <td>
          <Shown text={change.field} />
        </td>
        <td className="changes-before">
          <Side text={before} pieces={marked.before} kind="del" folded={folded} />
        </td>
        <td className="changes-after">
          <Side text={after} pieces={marked.after} kind="ins" folded={folded} />
        </td>
      </tr>
      {folded && (
        <tr className="changes-fold">
          <td colSpan={3}>
            <button type="button" className="link" onClick={() => setFolded(false)}>
              {messages.showAllLines(lines)}
            </button>
          </td>
        </tr>
      )}
    </>
  )
}

function lineCount(text: string | undefined): number {
  return text === undefined ? 0 : text.split('\n').length
}

function Side({
  text,
  pieces,
  kind: Kind,
  folded,
}: {
  text: string | undefined
  pieces: Piece[]
  kind: 'del' | 'ins'
  folded: boolean
}) {
  if (text === undefined) return <span className="changes-none">—</span>
  const shown = folded ? firstLines(pieces, foldAfter) : pieces
  return (
    <span className="changes-text">
      <span className={`changes-sign-${Kind}`}>{Kind === 'del' ? '−' : '+'}</span>
      <span>
        <Parts
          text={shown.map((piece) => piece.text).join('')}
          ranges={changedRanges(shown)}
          draw={(part) => <Kind>{part}</Kind>}
        />
      </span>
    </span>
  )
}

function changedRanges(pieces: Piece[]): { start: number; end: number }[] {
  let end = 0
  return pieces.flatMap(({ text, changed }) => {
    const start = end
    end += text.length
    return changed && text ? [{ start, end }] : []
  })
}

function firstLines(pieces: Piece[], lines: number): Piece[] {
  const out: Piece[] = []
  let left = lines
  for (const piece of pieces) {
    const parts = piece.text.split('\n')
    out.push({ ...piece, text: parts.slice(0, left).join('\n') })
    left -= parts.length - 1
    if (left <= 0) break
  }
  return out
}
