import { execFileSync, spawnSync } from 'node:child_process'
import type { Page } from '@playwright/test'

/** Why PDFs cannot be read here; undefined if they can. */
export const cannotRead = spawnSync('pdftotext', ['-v']).error
  ? 'pdftotext is missing (Debian: poppler-utils)'
  : undefined

/** A word of a PDF, with the box of its letters in points. */
interface Word {
  text: string
  left: number
  top: number
  right: number
  bottom: number
}

interface Sheet {
  width: number
  height: number
  words: Word[]
}

/** 12 mm in points: the margin of all prints. */
const margin = 34
/** Of the height of a word's box, which has room for all of a font, the part that letters fill. */
const letters = { from: 0.5, to: 0.8 }

/** Prints the page on A4 by the browser, and reads the sheets. */
export async function print(page: Page, landscape: boolean): Promise<Pdf> {
  const pdf = await page.pdf({ format: 'A4', landscape })
  return new Pdf(
    execFileSync('pdftotext', ['-raw', '-bbox', '-', '-'], { input: pdf, encoding: 'utf8', maxBuffer: 1 << 28 }),
  )
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Text without spaces, which break differently on paper, and with one form for each character. */
export function compact(text: string): string {
  return text.normalize('NFKC').replace(/[\s\u00ad\u200b]/g, '')
}

/** The sheets of a PDF. */
export class Pdf {
  readonly sheets: Sheet[]
  /** All words, without spaces. */
  readonly text: string

  constructor(xml: string) {
    this.sheets = xml
      .split('<page ')
      .slice(1)
      .map((page) => {
        const [width = 0, height = 0] = numbers(/^width="(\S+)" height="(\S+)"/.exec(page))
        const found = page.matchAll(/<word xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(.*?)<\/word>/g)
        const words = [...found].map((one) => {
          const [left = 0, top = 0, right = 0, bottom = 0] = numbers(one.slice(0, 5))
          const at = (part: number) => top + part * (bottom - top)
          return { left, top: at(letters.from), right, bottom: at(letters.to), text: unescaped(one[5] ?? '') }
        })
        return { width, height, words }
      })
    this.text = compact(this.sheets.flatMap(({ words }) => words.map(({ text }) => text)).join(''))
  }

  /** The words in the margins or off the sheet, and those over another. Hidden ones are not drawn. */
  faults(hidden: string[]): string[] {
    const skipped = new Set(hidden.flatMap((text) => text.split(/\s+/)))
    return this.sheets.flatMap((sheet, index) => {
      const words = sheet.words.filter(({ text }) => !skipped.has(text))
      const out = words.filter(
        ({ left, top, right, bottom }) =>
          left < margin - 1 ||
          top < margin - 1 ||
          right > sheet.width - margin + 1 ||
          bottom > sheet.height - margin + 1,
      )
      return [
        ...out.map(({ text }) => `sheet ${index + 1}: off the page: ${text}`),
        ...overlaps(words).map((both) => `sheet ${index + 1}: one over the other: ${both}`),
      ]
    })
  }
}

function overlaps(words: Word[]): string[] {
  const sorted = words.toSorted((a, b) => a.top - b.top)
  return sorted.flatMap((one, index) => {
    const over: string[] = []
    for (const other of sorted.slice(index + 1)) {
      if (other.top >= one.bottom) break
      const height = Math.min(one.bottom, other.bottom) - other.top
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left)
      if (width > 1 && height > 0.5 && !isSetClose(one, other)) over.push(`${one.text} / ${other.text}`)
    }
    return over
  })
}

/** Whether two words of a line meet at full-width punctuation: browsers set that closer than its boxes. */
function isSetClose(one: Word, other: Word): boolean {
  const [first, second] = one.left < other.left ? [one, other] : [other, one]
  const wide = '[\\u3000-\\u303f\\uff00-\\uff65“”‘’]'
  const meets = new RegExp(`${wide}$`).test(first.text) || new RegExp(`^${wide}`).test(second.text)
  return meets && Math.abs(one.top - other.top) < 0.5
}

function numbers(match: string[] | RegExpExecArray | null): number[] {
  return (match ?? []).slice(1).map(Number)
}

function unescaped(text: string): string {
  return text.replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole)
}

/** The texts that the page shows, without those for screen readers, which are `hidden`. */
export function shownTexts(page: Page): Promise<{ shown: string[]; hidden: string[] }> {
  return page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const [shown, hidden]: [string[], string[]] = [[], []]
    while (texts.nextNode()) {
      const { data, parentElement: parent } = texts.currentNode as Text
      if (!data.trim() || !parent?.checkVisibility({ visibilityProperty: true }) || parent.closest('svg')) continue
      ;(parent.closest('.sr') ? hidden : shown).push(data)
    }
    return { shown, hidden }
  })
}
