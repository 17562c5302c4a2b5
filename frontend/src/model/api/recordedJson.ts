declare const recorded: unique symbol

/**
 * A recorded value as JSON text: the digits of numbers, the order of names and duplicate names are kept as
 * sent. JSON.parse keeps none of these.
 */
export type RecordedJson = string & { readonly [recorded]: true }

/** The location of recorded values in a response. */
type Shape = 'recorded' | { [name: string]: Shape } | [Shape] | undefined

const entry: Shape = { changes: [{ before: 'recorded', after: 'recorded' }], details: 'recorded' }
const answer: Shape = { ...entry, entries: [entry] }

/** Parses a response of the API. Recorded values in entries stay JSON text. */
export function parseJson<T>(text: string): T {
  return JSON.parse(/"(?:details|changes)"/.test(text) ? new Quoter(text).quoted() : text) as T
}

/** Rewrites recorded values as strings that hold their text. */
class Quoter {
  #text: string
  #at = 0
  #copied = 0
  #out = ''

  constructor(text: string) {
    this.#text = text
  }

  quoted(): string {
    this.#walk(answer)
    return this.#out + this.#text.slice(this.#copied)
  }

  #walk(shape: Shape) {
    const first = this.#peek()
    if (shape === 'recorded') this.#quote()
    else if (Array.isArray(shape) && first === '[') this.#members(']', () => this.#walk(shape[0]))
    else if (shape && !Array.isArray(shape) && first === '{')
      this.#members('}', () => {
        const name = JSON.parse(this.#skip()) as string
        this.#peek()
        this.#at++ // the colon
        this.#walk(Object.hasOwn(shape, name) ? shape[name] : undefined)
      })
    else this.#skip()
  }

  #members(close: string, member: () => void) {
    do {
      this.#at++ // the bracket or the comma
      if (this.#peek() === close) break
      member()
    } while (this.#peek() === ',')
    this.#at++
  }

  #quote() {
    const start = this.#at
    const value = this.#skip()
    this.#out += this.#text.slice(this.#copied, start) + JSON.stringify(value)
    this.#copied = this.#at
  }

  /** The next character that is no white space. */
  #peek(): string {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? '.')) this.#at++
    return this.#text[this.#at] ?? ''
  }

  /** Skips one value and returns its text. */
  #skip(): string {
    const start = this.#at
    let depth = 0
    do {
      const first = this.#peek()
      if (first === '') throw new SyntaxError('The JSON is incomplete')
      if (first === '{' || first === '[') depth++
      if (first === '}' || first === ']') depth--
      if (first === '"') this.#at = endOfString(this.#text, this.#at)
      else if ('{}[],:'.includes(first)) this.#at++
      else while (/[^\s,:{}[\]"]/.test(this.#text[this.#at] ?? ' ')) this.#at++
    } while (depth > 0)
    return this.#text.slice(start, this.#at)
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  throw new SyntaxError('The JSON is incomplete')
}

/** The tokens of a JSON text: strings spelled one way, numbers as they are. */
function tokens(value: string): string[] {
  const found = value.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []
  return found.map((token) => (token[0] === '"' ? JSON.stringify(JSON.parse(token)) : token))
}

/** Whether two values are the same in every digit and name; only how strings are escaped may differ. */
export function sameJson(a: RecordedJson | undefined, b: RecordedJson | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && tokens(a).join('') === tokens(b).join(''))
}

export function isString(value: RecordedJson): boolean {
  return value[0] === '"'
}

/** The characters of a recorded string. */
export function stringOf(value: RecordedJson): string {
  return JSON.parse(value) as string
}

/** A value over several lines, indented by two spaces. */
export function prettyJson(value: RecordedJson): string {
  const all = tokens(value)
  let indent = ''
  let out = ''
  all.forEach((token, index) => {
    const [before, after] = [all[index - 1], all[index + 1]]
    if (token === '}' || token === ']') {
      indent = indent.slice(2)
      out += before === '{' || before === '[' ? token : `\n${indent}${token}`
    } else if (token === '{' || token === '[') {
      indent += '  '
      out += after === '}' || after === ']' ? token : `${token}\n${indent}`
    } else if (token === ',') out += `,\n${indent}`
    else out += token === ':' ? ': ' : token
  })
  return out
}

/** Parses a recorded value. Numbers that JavaScript cannot represent exactly become strings. */
export function parseRecorded(value: RecordedJson): unknown {
  const exact = value.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    token[0] === '"' || JSON.stringify(Number(token)) === token ? token : `"${token}"`,
  )
  return JSON.parse(exact)
}
