import { useMemo, useRef } from 'react'
import type { Dictionary } from '../../i18n/en'
import { useMessages } from '../../i18n/language'
import { longPeriod, shortMoment, shortPeriod } from '../../lib/time/phrases'
import type { Summary } from '../../model/api/types'
import { useWidth } from '../../ui/hooks/useWidth'
import { bars, type Frame, fractionOf, frameOf, roundMaximum, ticks } from './buckets'
import { type Brush, type Span, useBrush } from './useBrush'
import './histogram.css'

interface Props extends Brush {
  /** The whole frame: the period of the preset, or the custom period. */
  summary: Summary | undefined
  zone: string
  selectedCount: number | undefined
  live: boolean
}

/** How many labels fit on the axis, within reason on a wide screen. */
function labelsIn(width: number): number {
  return Math.min(9, Math.max(3, Math.floor(width / 84)))
}

const baseline = 56
const top = 10

/** Operations over time. Drawn in SVG; dragging over it selects whole buckets. */
export function Histogram(props: Props) {
  const { summary, zone } = props
  const messages = useMessages()
  const figure = useRef<HTMLElement>(null)
  const width = useWidth(figure)
  const frame = useMemo(() => (summary ? frameOf(summary) : undefined), [summary])
  const now = Date.now()
  const { hover, selected, handlers } = useBrush(frame, now, props)

  if (!summary || !frame) return <figure ref={figure} className="histogram" aria-hidden="true" />

  const unit = messages.perBucket[summary.histogram.interval] ?? summary.histogram.interval
  const maximum = roundMaximum(Math.max(0, ...frame.counts))
  const label = messages.histogram(unit, framePeriod(frame, props, messages, now), summary.total)
  return (
    // biome-ignore lint/a11y/useSemanticElements: it is a drawing, of no fields
    <figure
      ref={figure}
      className="histogram"
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys choose a part of it
      tabIndex={0}
      aria-label={label + selectedLabel(selected, props, messages, now)}
      {...handlers}
    >
      <Drawing
        frame={frame}
        maximum={maximum}
        selected={selected}
        hover={hover}
        ticksAt={ticks(frame, zone, messages, labelsIn(width))}
      />
      {summary.total > 0 && (
        <span className="histogram-label histogram-maximum">
          {messages.number(maximum)} / {unit}
        </span>
      )}
      {hover !== undefined && <BucketHint frame={frame} index={hover} zone={zone} />}
      <BucketList frame={frame} zone={zone} />
    </figure>
  )
}

function framePeriod(frame: Frame, { live, selection, zone }: Props, messages: Dictionary, now: number): string {
  return longPeriod(frame.from, live && !selection ? undefined : frame.to, zone, messages, now)
}

/** What follows the label while a part is selected. */
function selectedLabel(
  selected: Span | undefined,
  { selection, selectedCount, live, zone }: Props,
  messages: Dictionary,
  now: number,
): string {
  if (!selection || !selected || selectedCount === undefined) return ''
  const period = longPeriod(selected.from, live && !selection.to ? undefined : selected.to, zone, messages, now)
  return `. ${messages.histogramSelected(period, selectedCount)}`
}

/** The counts as text, for assistive technology. */
function BucketList({ frame, zone }: { frame: Frame; zone: string }) {
  const messages = useMessages()
  return (
    <ol className="sr">
      {frame.counts.map((count, index) =>
        count > 0 ? (
          <li key={frame.edges[index]}>
            {shortMoment(frame.edges[index] ?? 0, zone, messages)}: {messages.operations(count)}
          </li>
        ) : null,
      )}
    </ol>
  )
}

interface DrawingProps {
  frame: Frame
  maximum: number
  selected: Span | undefined
  hover: number | undefined
  ticksAt: ReturnType<typeof ticks>
}

/** The picture itself, 1000 units wide whatever the window is. */
function Drawing({ frame, maximum, selected, hover, ticksAt }: DrawingProps) {
  const drawn = bars(frame, maximum)
  const path = (only: (index: number) => boolean) =>
    drawn
      .filter((bar) => only(bar.index))
      .map((bar) => {
        const y = baseline - bar.height * (baseline - top)
        return `M${(bar.x * 1000).toFixed(2)} ${baseline}h${(bar.width * 1000).toFixed(2)}V${y.toFixed(1)}h${(-bar.width * 1000).toFixed(2)}z`
      })
      .join('')
  const inside = (index: number) => {
    const start = frame.edges[index] ?? 0
    return selected !== undefined && start >= selected.from && start < selected.to
  }
  const left = selected ? fractionOf(frame, selected.from) * 1000 : 0
  const right = selected ? fractionOf(frame, selected.to) * 1000 : 0
  const hoverLeft = hover === undefined ? 0 : fractionOf(frame, frame.edges[hover] ?? 0) * 1000
  const hoverRight = hover === undefined ? 0 : fractionOf(frame, frame.edges[hover + 1] ?? 0) * 1000
  return (
    <>
      <svg viewBox="0 0 1000 72" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        {drawn.length > 0 && <path className="histogram-line histogram-dotted" d={`M0 ${top}H1000`} />}
        {hover !== undefined && (
          <rect className="histogram-hover" x={hoverLeft} y={2} width={hoverRight - hoverLeft} height={baseline - 2} />
        )}
        {selected && <rect className="histogram-brush" x={left} y={2} width={right - left} height={baseline - 2} />}
        <path className="histogram-line" d={`M0 ${baseline}H1000`} />
        <path
          className="histogram-ticks"
          d={ticksAt.map((tick) => (tick.first ? '' : `M${(tick.at * 1000).toFixed(2)} ${baseline}v4`)).join('')}
        />
        <path className="histogram-bars" d={path((index) => !inside(index))} />
        <path className="histogram-bars-on" d={path(inside)} />
        {selected && <path className="histogram-edges" d={`M${left} 2V${baseline}M${right} 2V${baseline}`} />}
      </svg>
      {selected && (
        <>
          <span className="histogram-handle" style={{ left: `${left / 10}%` }} />
          <span className="histogram-handle" style={{ left: `${right / 10}%` }} />
        </>
      )}
      {ticksAt.map((tick) => (
        <span
          key={tick.at}
          className="histogram-label"
          aria-hidden="true"
          style={{ left: `calc(${(tick.at * 100).toFixed(3)}% + ${tick.first ? 0 : 4}px)` }}
        >
          {tick.label}
        </span>
      ))}
    </>
  )
}

function BucketHint({ frame, index, zone }: { frame: Frame; index: number; zone: string }) {
  const messages = useMessages()
  const start = frame.edges[index] ?? frame.from
  const end = frame.edges[index + 1] ?? frame.to
  // Beside its bar, where it covers neither that nor the lines above and below.
  const [left, right] = [fractionOf(frame, start), fractionOf(frame, end)]
  const style =
    left + right < 1 ? { left: `calc(${right * 100}% + 8px)` } : { right: `calc(${(1 - left) * 100}% + 8px)` }
  return (
    <div aria-live="polite" className="histogram-hint" style={style}>
      <b>{messages.operations(frame.counts[index] ?? 0)}</b>
      <span>{shortPeriod(start, end, zone, messages)}</span>
    </div>
  )
}
