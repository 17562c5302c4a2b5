/** How what a person asks for joins what was asked for before. */
export interface Step {
  /** It takes the place of the one before in the browser's history. */
  replace: boolean
  /** It is part of the same act, which the access log tells by one entry. */
  goesOn?: boolean
}

// The server waits longer before it tells an act: actPause in trail/act.go.
const pause = 10_000

/** Steps that are one act of a person where they follow each other soon: keys of a word, arrows of a selection. */
export class Steps {
  private last = Number.NEGATIVE_INFINITY

  /** Takes a step, and tells whether it goes on with the one before. */
  next(now = performance.now()): boolean {
    const goesOn = now - this.last < pause
    this.last = now
    return goesOn
  }

  /** What comes next is another act. */
  end() {
    this.last = Number.NEGATIVE_INFINITY
  }
}

/** Whether a text that stands in a search box is being typed on, or another one is begun. */
export function typedOn(before: string, next: string): boolean {
  return before !== '' && next !== '' && before[0] === next[0]
}
