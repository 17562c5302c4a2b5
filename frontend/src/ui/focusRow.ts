/**
 * Gives the focus to a row of a list of which only the rows in view are drawn: at once, so that no key that
 * follows is lost, or in the next frame if it has yet to be drawn.
 */
export function focusRow(list: HTMLElement | null, index: number) {
  const row = () => list?.querySelector<HTMLElement>(`[data-index="${index}"]`)
  const drawn = row()
  if (drawn) drawn.focus({ preventScroll: true })
  else requestAnimationFrame(() => row()?.focus({ preventScroll: true }))
}
