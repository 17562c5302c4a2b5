import { Fragment, type ReactNode } from 'react'
import { useMessages } from '../i18n/language'
import { hiddenCharacters, isRightToLeft } from '../lib/visible'
import './hiddenMark.css'

interface Range {
  start: number
  end: number
}

/**
 * A recorded text: hidden characters are shown as marks, and its direction is isolated. The marks
 * contain the characters themselves, so that copying gives the recorded text.
 */
export function Shown({ text }: { text: string }) {
  return <Parts text={text} ranges={[]} draw={(part) => part} />
}

interface PartsProps<R extends Range> {
  text: string
  /** In order, without overlap. */
  ranges: R[]
  /** Draws the text of a range. */
  draw: (part: ReactNode, range: R, index: number) => ReactNode
}

/** The same, with some ranges rendered differently. */
export function Parts<R extends Range>({ text, ranges, draw }: PartsProps<R>) {
  const hidden = hiddenCharacters(text)
  const part = (start: number, end: number): ReactNode => {
    const inside = hidden.filter((one) => one.start >= start && one.end <= end)
    if (inside.length === 0) return text.slice(start, end)
    return (
      <>
        {inside.map((one, index) => (
          <Fragment key={one.start}>
            {text.slice(inside[index - 1]?.end ?? start, one.start)}
            <Mark code={one.code}>{text.slice(one.start, one.end)}</Mark>
          </Fragment>
        ))}
        {text.slice(inside.at(-1)?.end, end)}
      </>
    )
  }
  const drawn = ranges.length ? (
    <>
      {ranges.map((range, index) => (
        <Fragment key={range.start}>
          {part(ranges[index - 1]?.end ?? 0, range.start)}
          {draw(part(range.start, range.end), range, index)}
        </Fragment>
      ))}
      {part(ranges.at(-1)?.end ?? 0, text.length)}
    </>
  ) : (
    part(0, text.length)
  )
  return isRightToLeft(text) ? <bdi>{drawn}</bdi> : drawn
}

function Mark({ code, children }: { code: string; children: string }) {
  const messages = useMessages()
  return (
    <span className="hidden-mark" role="img" aria-label={code} title={messages.hiddenCharacter(code)} data-code={code}>
      <span>{children}</span>
    </span>
  )
}

/** Renders a string as recorded text; other nodes unchanged. */
export function shown(node: ReactNode): ReactNode {
  return typeof node === 'string' ? <Shown text={node} /> : node
}
