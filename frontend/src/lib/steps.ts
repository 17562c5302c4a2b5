/** How a query of a person relates to the previous one. */
export interface Step {
  /** It replaces the previous one in the browser's history. */
  replace: boolean
  /** It belongs to the same action, which is one entry of the access log. */
  goesOn?: boolean
}

// The server waits longer before it records an action: actionIdle in trail/action.go.
const pause = 10_000

/** Steps that are one action if they follow each other soon: typing a word, extending a selection by arrow keys. */
export class Steps {
  private last = Number.NEGATIVE_INFINITY

  /** Takes a step, and returns whether it continues the previous one. */
  next(now = performance.now()): boolean {
    const goesOn = now - this.last < pause
    this.last = now
    return goesOn
  }

  /** The next step begins another action. */
  end() {
    this.last = Number.NEGATIVE_INFINITY
  }
}

/** Whether a text in a search field continues the previous one. */
export function typedOn(before: string, next: string): boolean {
  return before !== '' && next !== '' && before[0] === next[0]
}
