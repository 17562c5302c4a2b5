/** The position of a character that is invisible or changes how the surrounding text reads. */
export interface Hidden {
  start: number
  end: number
  /** As Unicode names the character, `U+202E`. */
  code: string
}

// Line ends and tabs are shown as space; all others are invisible or control the text.
const suspect = /[\p{Cc}\p{Cs}\p{DI}\u2028\u2029\u2800\ufff9-\ufffb]/u
const plain = /^[\n\t]$/
const selector = /^[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]$/u
const tag = /^[\u{e0020}-\u{e007f}]$/u
const emoji = /^[\p{ExtPict}\p{EMod}]$/u
const joining =
  /^[\p{sc=Arab}\p{sc=Syrc}\p{sc=Mong}\p{sc=Nkoo}\p{sc=Adlm}\p{sc=Deva}\p{sc=Beng}\p{sc=Guru}\p{sc=Gujr}\p{sc=Orya}\p{sc=Taml}\p{sc=Telu}\p{sc=Knda}\p{sc=Mlym}\p{sc=Sinh}\p{sc=Khmr}\p{sc=Mymr}]$/u
const mark = /^\p{Mn}$/u
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** The hidden characters of a text. Joiners in emoji and in words of joining scripts are not hidden. */
export function hiddenCharacters(text: string): Hidden[] {
  if (!suspect.test(text)) return []
  const all = [...text]
  const found: Hidden[] = []
  let start = 0
  all.forEach((character, index) => {
    const end = start + character.length
    if (suspect.test(character) && !plain.test(character) && !isSeen(all, index)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      found.push({ start, end, code: `U+${code}` })
    }
    start = end
  })
  return found
}

function isSeen(all: string[], index: number): boolean {
  const [before = '', character = '', after = ''] = [all[index - 1], all[index], all[index + 1]]
  if (character === '\u200d' && emoji.test(after) && (emoji.test(before) || selector.test(before))) return true
  if (character === '\u200d' || character === '\u200c')
    return joining.test(before) && (joining.test(after) || mark.test(before))
  if (selector.test(character)) return before !== '' && !suspect.test(before) && !/\s/.test(before)
  if (!tag.test(character)) return false
  return before === '🏴' || (tag.test(before) && before !== '\u{e007f}' && isSeen(all, index - 1))
}

/** Whether a text must be isolated, so that its direction does not affect the text around it. */
export function isRightToLeft(text: string): boolean {
  return rightToLeft.test(text)
}

/** A plain text, such as for a tooltip, with hidden characters as `[U+202E]`. */
export function visibleText(text: string): string {
  let out = ''
  let at = 0
  for (const { start, end, code } of hiddenCharacters(text)) {
    out += `${text.slice(at, start)}[${code}]`
    at = end
  }
  return out + text.slice(at)
}
