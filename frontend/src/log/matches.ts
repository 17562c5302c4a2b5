export type SearchField = 'user' | 'module' | 'content'

interface Term {
  field: SearchField | undefined
  /** A run of Chinese, Japanese or Korean characters matches anywhere, any other at the start of a word. */
  text: string
  anywhere: boolean
}

const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
const wordCharacter = /[\p{L}\p{M}\p{N}]/u

/** Width, case and Latin accents do not matter to the search, so not to what is marked either. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
}

/** The runs of a searched word: letters and digits, split where Chinese, Japanese or Korean begins or ends. */
function runs(text: string): string[] {
  const found: string[] = []
  let run = ''
  let runIsCjk = false
  for (const character of fold(text)) {
    const isCjk = cjk.test(character)
    if (!wordCharacter.test(character)) {
      if (run) found.push(run)
      run = ''
      continue
    }
    if (run && isCjk !== runIsCjk) {
      found.push(run)
      run = ''
    }
    run += character
    runIsCjk = isCjk
  }
  if (run) found.push(run)
  return found
}

/** A word or a phrase, with its field; the quotation marks and colons are those that the server takes. */
const part = /(?:(user|module|content)[:：])?(?:["“”＂]([^"“”＂]*)["“”＂]?|([^\s"“”＂]+))/gi

export function searchTerms(q: string): Term[] {
  const terms: Term[] = []
  for (const [, field, quoted, plain] of q.matchAll(part)) {
    for (const text of runs(quoted ?? plain ?? ''))
      terms.push({ field: field?.toLowerCase() as SearchField | undefined, text, anywhere: cjk.test(text) })
  }
  return terms
}

/** Where a text matches, as [start, end) pairs of its own indexes, in order and without overlap. */
export function matchRanges(text: string, terms: Term[], field: SearchField): [number, number][] {
  const wanted = terms.filter((term) => term.field === undefined || term.field === field)
  if (wanted.length === 0) return []
  // Folding may change lengths, so every folded character remembers where it came from.
  let folded = ''
  const origin: number[] = []
  let at = 0
  for (const character of text) {
    for (const piece of fold(character)) {
      folded += piece
      for (let unit = 0; unit < piece.length; unit++) origin.push(at)
    }
    at += character.length
  }
  origin.push(text.length)

  const hit = new Uint8Array(text.length)
  for (const { text: term, anywhere } of wanted) {
    for (let found = folded.indexOf(term); found >= 0; found = folded.indexOf(term, found + 1)) {
      const before = folded[found - 1]
      const startsWord = before === undefined || !wordCharacter.test(before) || cjk.test(before)
      if (!anywhere && !startsWord) continue
      const end = origin[found + term.length] ?? text.length
      hit.fill(1, origin[found], Math.max(end, (origin[found] ?? 0) + 1))
    }
  }
  return rangesOf(hit)
}

function rangesOf(hit: Uint8Array): [number, number][] {
  const ranges: [number, number][] = []
  let start = -1
  for (let index = 0; index <= hit.length; index++) {
    if (hit[index] && start < 0) start = index
    if (!hit[index] && start >= 0) {
      ranges.push([start, index])
      start = -1
    }
  }
  return ranges
}
