export type SearchField = 'user' | 'module' | 'content'

interface Term {
  field: SearchField | undefined
  /** A run of Chinese, Japanese or Korean characters matches anywhere, any other where a piece of a word starts. */
  text: string
  anywhere: boolean
}

/** The kind of a piece of a word; adjacent letters and digits are pieces of one word. */
type Kind = 'cjk' | 'digit' | 'letter' | 'mark' | undefined

const cjk = /[ー〡-〩\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u

function kindOf(character: string): Kind {
  if (/\p{Nd}/u.test(character)) return 'digit'
  if (/\p{M}/u.test(character)) return 'mark'
  if (!/[\p{L}\p{Nl}]/u.test(character)) return undefined
  if (cjk.test(character)) return 'cjk'
  return /\p{L}/u.test(character) ? 'letter' : undefined
}

/** As the search does, ignores width, case, Latin accents and invisible characters. */
function fold(text: string): string {
  return text
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
}

/** The kind of each character of a folded text; a mark is of the kind of what it marks. */
function kinds(characters: string[]): Kind[] {
  const found: Kind[] = []
  for (const character of characters) {
    let kind = kindOf(character)
    if (kind === 'mark') kind = found.at(-1) ?? (cjk.test(character) ? 'cjk' : 'letter')
    found.push(kind)
  }
  return found
}

/** The runs of a searched word: letters and digits, split where Chinese, Japanese or Korean begins or ends. */
function runs(text: string): string[] {
  const found: string[] = []
  const characters = [...fold(text)]
  const kindAt = kinds(characters)
  let run = ''
  characters.forEach((character, index) => {
    if (kindAt[index]) run += character
    const next = kindAt[index + 1]
    if (run && (!next || (next === 'cjk') !== (kindAt[index] === 'cjk'))) {
      found.push(run)
      run = ''
    }
  })
  return found
}

/**
 * A word or a phrase, with its field; the hyphens that exclude it, quotation marks and colons are those that the server
 * takes. A hyphen excludes nothing at the end of a word or right after a quotation mark.
 */
const hyphen = '[-\u2010\u2011\u2212\uFE63\uFF0D](?=\\S)'
const part = new RegExp(
  `((?<=^|\\s)${hyphen})?(?:(user|module|content)[:：](${hyphen})?)?(?:["“”＂]([^"“”＂]*)["“”＂]?|([^\\s"“”＂]*))`,
  'gi',
)

/** The positive terms of a search; excluded terms are in no displayed row. */
export function searchTerms(q: string): Term[] {
  const terms: Term[] = []
  for (const [, not, field, fieldNot, quoted, plain] of q.matchAll(part)) {
    if (not || fieldNot) continue
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
  const characters: string[] = []
  const origins: number[] = []
  let at = 0
  for (const character of text) {
    for (const piece of fold(character)) {
      characters.push(piece)
      origins.push(at)
    }
    at += character.length
  }
  const folded = characters.join('')
  const kindAt = kinds(characters)
  const origin: number[] = []
  const starts: boolean[] = []
  characters.forEach((piece, index) => {
    for (let unit = 0; unit < piece.length; unit++) {
      origin.push(origins[index] ?? 0)
      starts.push(unit === 0 && kindAt[index] !== kindAt[index - 1])
    }
  })
  origin.push(text.length)

  const hit = new Uint8Array(text.length)
  for (const { text: term, anywhere } of wanted) {
    for (let found = folded.indexOf(term); found >= 0; found = folded.indexOf(term, found + 1)) {
      if (!anywhere && !starts[found]) continue
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
