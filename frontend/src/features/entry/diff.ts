import { isString, prettyJson, type RecordedJson, stringOf } from '../../model/api/recordedJson'
import type { Change } from '../../model/api/types'

export interface Piece {
  text: string
  changed: boolean
}

export interface Marked {
  before: Piece[]
  after: Piece[]
}

/**
 * The two values of a change as text: strings as they are, all else as JSON; undefined for what was not there.
 * A string beside another kind of value has its quotation marks, so that "1" and 1 stay apart.
 */
export function sidesText({ before, after }: Change): [string | undefined, string | undefined] {
  const mixed = before !== undefined && after !== undefined && isString(before) !== isString(after)
  const text = (value: RecordedJson | undefined) =>
    value === undefined ? undefined : isString(value) && !mixed ? stringOf(value) : prettyJson(value)
  return [text(before), text(after)]
}

const token =
  /\p{N}+|[\p{Script=Latin}\p{M}\p{Script=Cyrillic}\p{Script=Greek}]+|\p{ExtPict}(?:\p{EMod}|\ufe0f|\u200d\p{ExtPict}|[\u{e0020}-\u{e007f}])*|[\s\S]/gu

/** Splits text into whole words, numbers and emoji, and single other characters, such as Chinese ones. */
function tokens(text: string): string[] {
  return text.match(token) ?? []
}

const tooMany = 4_000_000

/** Marks what changed between two texts, and nothing else: the longest common sequence stays unmarked. */
export function markChanges(before: string, after: string): Marked {
  const a = tokens(before)
  const b = tokens(after)
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const middleA = a.slice(start, a.length - end)
  const middleB = b.slice(start, b.length - end)
  const kept = middleA.length * middleB.length > tooMany ? none(middleA, middleB) : common(middleA, middleB)
  const head = a.slice(0, start)
  const tail = end > 0 ? a.slice(a.length - end) : []
  return {
    before: pieces(head, middleA, kept.a, tail),
    after: pieces(head, middleB, kept.b, tail),
  }
}

interface Kept {
  a: boolean[]
  b: boolean[]
}

function none(a: string[], b: string[]): Kept {
  return { a: a.map(() => false), b: b.map(() => false) }
}

function common(a: string[], b: string[]): Kept {
  const width = b.length + 1
  const length = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number) => length[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const kept = none(a, b)
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      kept.a[i++] = true
      kept.b[j++] = true
    } else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
  return kept
}

function pieces(head: string[], middle: string[], kept: boolean[], tail: string[]): Piece[] {
  const out: Piece[] = []
  const add = (text: string, changed: boolean) => {
    const last = out.at(-1)
    if (last && last.changed === changed) last.text += text
    else out.push({ text, changed })
  }
  for (const token of head) add(token, false)
  middle.forEach((token, index) => {
    add(token, !kept[index])
  })
  for (const token of tail) add(token, false)
  return out.filter((piece) => piece.text !== '')
}
