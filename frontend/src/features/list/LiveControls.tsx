import { useEffect, useRef } from 'react'
import { useMessages } from '../../i18n/language'
import { useStale } from '../../model/log/useStale'
import { preloadable } from '../../ui/hooks/preload'
import { useKey } from '../../ui/hooks/useKey'
import { LazyBoundary } from '../../ui/LazyBoundary'
import { useLive } from './useLive'
import './live.css'

const LiveOff = preloadable(() => import('./LiveOff'))

interface Props {
  tenant: string
  query: string
  /** Whether the period ends now: else nothing new can come into it. */
  possible: boolean
  /** The filters are refused, the stream of them, too: it waits until they change. */
  refused: boolean
  on: boolean
  total: number | undefined
  readAt: number
  onTurn: (on: boolean) => void
  onShow: () => void
  /** The server answers again. */
  onBack: () => void
}

/** Whether new entries are counted as they come, how many there are, and the way to see them. */
export function LiveControls({ tenant, query, possible, refused, on, total, readAt, onTurn, onShow, onBack }: Props) {
  const messages = useMessages()
  const stale = useStale()
  const runs = on && possible && !stale
  const live = useLive({ tenant, query, on: runs && !refused, total, readAt })
  useKey('.', onShow, live.count > 0)
  const before = useRef(live.state)
  useEffect(() => {
    if (before.current === 'lost' && live.state === 'on') onBack()
    before.current = live.state
  }, [live.state, onBack])
  return (
    <>
      {stale && (
        <LazyBoundary>
          <LiveOff />
        </LazyBoundary>
      )}
      {live.state === 'lost' ? (
        <span className="live-lost" role="status">
          {messages.liveLost}
        </span>
      ) : (
        live.count > 0 && (
          <button type="button" className="pill" aria-keyshortcuts="." onClick={onShow}>
            {messages.newEntries(live.count)} <u>{messages.show}</u>
          </button>
        )
      )}
      <button
        type="button"
        className="switch"
        role="switch"
        aria-checked={runs}
        disabled={!possible || !!stale}
        title={possible ? undefined : messages.livePeriodEnds}
        onClick={() => onTurn(!on)}
      >
        <i />
        {messages.live}
      </button>
    </>
  )
}
