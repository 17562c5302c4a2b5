import { type RefObject, useEffect, useRef, useState } from 'react'
import { useViewsMessages } from '../../i18n/viewsMessages'
import { problemText } from '../../lib/problem'
import { visibleText } from '../../lib/visible'
import type { View } from '../../model/api/types'
import { Floating } from '../../ui/Floating'
import { Icon } from '../../ui/Icon'
import { Notice } from '../../ui/Notice'
import { Shown, shown } from '../../ui/Shown'
import { useRemoveView, useSaveView, useViews } from './queries'
import { showsView } from './tableSettings'
import { ViewForm } from './ViewForm'
import type { ViewContext } from './ViewsMenu'
import './views.css'

interface Props extends ViewContext {
  onClose: () => void
}

/** The panel that the views button opens. */
export default function ViewsPanel(props: Props) {
  const messages = useViewsMessages()
  return (
    <Floating label={messages.views} align="end" onClose={props.onClose}>
      <Views {...props} />
    </Floating>
  )
}

/** The saved views, own ones first, and a form to save the current one. */
function Views(props: Props) {
  const { tenant, query, onOpen, onClose } = props
  const messages = useViewsMessages()
  const views = useViews(tenant.id)
  const save = useSaveView(tenant.id)
  const remove = useRemoveView(tenant.id)
  const [form, setForm] = useState<{ view?: View }>()
  const [leaving, setLeaving] = useState<string>()
  const panel = useRef<HTMLDivElement>(null)
  const error = views.error ?? save.error ?? remove.error
  const part = form ? `form ${form.view?.id ?? ''}` : leaving ? `leave ${leaving}` : 'list'
  useFocusInPart(panel, part, views.data !== undefined)

  if (form)
    return (
      <div ref={panel} className="views-panel">
        <ViewForm {...props} view={form.view} onDone={() => setForm(undefined)} />
      </div>
    )

  const own = views.data?.filter((view) => view.own)
  const others = views.data?.filter((view) => !view.own)
  const lines = {
    query,
    leaving,
    onOpen: (view: View) => {
      onOpen(view)
      onClose()
    },
    onStart: (view: View) => save.mutate({ id: view.id, body: { start: !view.start } }),
    onChange: (view: View) => setForm({ view }),
    onLeave: setLeaving,
    onRemove: (view: View) => remove.mutate(view.id, { onSettled: () => setLeaving(undefined) }),
  }
  return (
    <div ref={panel} className="views-panel">
      {error && (
        <Notice kind="error" action={views.error ? messages.retry : undefined} onAction={() => views.refetch()}>
          {messages.savedViews.failed(problemText(error))}
        </Notice>
      )}
      {views.data?.length === 0 && <p className="views-none">{messages.savedViews.none}</p>}
      <div className="views-lists">
        <ViewList title={others?.length ? messages.savedViews.own : undefined} views={own} {...lines} />
        <ViewList title={messages.savedViews.shared} views={others} {...lines} />
      </div>
      {views.data && (
        <div className="views-foot">
          <button type="button" className="text-button" onClick={() => setForm({})}>
            <Icon name="plus" />
            {messages.savedViews.save}
          </button>
        </div>
      )}
    </div>
  )
}

/** The focus follows what takes the place of what had it, once the views have loaded. */
function useFocusInPart(panel: RefObject<HTMLElement | null>, part: string, ready: boolean) {
  const was = useRef<string>(undefined)
  useEffect(() => {
    if (!ready || was.current === part) return
    const first = was.current === undefined || part !== 'list'
    was.current = part
    const wanted = panel.current?.querySelector<HTMLElement>('input[type=text], button')
    if (first || document.activeElement === document.body) wanted?.focus()
  }, [panel, part, ready])
}

interface ListProps {
  title: string | undefined
  views: View[] | undefined
  /** The current filters, as in the URL. */
  query: string
  /** The view that is about to be removed. */
  leaving: string | undefined
  onOpen: (view: View) => void
  onStart: (view: View) => void
  onChange: (view: View) => void
  /** Asks whether to remove a view, or no longer. */
  onLeave: (id: string | undefined) => void
  onRemove: (view: View) => void
}

function ViewList({ title, views, query, leaving, onOpen, onStart, onChange, onLeave, onRemove }: ListProps) {
  if (!views?.length) return null
  return (
    <section>
      {title && <h3>{title}</h3>}
      <ul>
        {views.map((view) =>
          view.id === leaving ? (
            <Leaving key={view.id} view={view} onRemove={() => onRemove(view)} onCancel={() => onLeave(undefined)} />
          ) : (
            <Line
              key={view.id}
              view={view}
              current={showsView(query, view)}
              onOpen={() => onOpen(view)}
              onStart={() => onStart(view)}
              onChange={() => onChange(view)}
              onRemove={() => onLeave(view.id)}
            />
          ),
        )}
      </ul>
    </section>
  )
}

/** Asks whether to remove a view. */
function Leaving({ view, onRemove, onCancel }: { view: View; onRemove: () => void; onCancel: () => void }) {
  const messages = useViewsMessages()
  return (
    <li className="views-leave">
      <span>
        <Shown text={messages.savedViews.removeAsk(view.name, view.shared)} />
      </span>
      <button type="button" className="text-button views-remove" onClick={onRemove}>
        {messages.delete}
      </button>
      <button type="button" className="text-button quiet" onClick={onCancel}>
        {messages.cancel}
      </button>
    </li>
  )
}

interface LineProps {
  view: View
  current: boolean
  onOpen: () => void
  onStart: () => void
  onChange: () => void
  onRemove: () => void
}

function Line({ view, current, onOpen, onStart, onChange, onRemove }: LineProps) {
  const messages = useViewsMessages()
  const start = visibleText(
    view.start ? messages.savedViews.startsHere(view.name) : messages.savedViews.startWith(view.name),
  )
  return (
    <li>
      <button type="button" className="views-open" aria-current={current ? 'true' : undefined} onClick={onOpen}>
        <span className="cut" title={visibleText(view.name)}>
          <Shown text={view.name} />
        </span>
        {view.shared && (
          <small className="cut">
            {shown(view.own ? messages.savedViews.sharedTag : messages.savedViews.by(view.made_by))}
          </small>
        )}
      </button>
      <button
        type="button"
        className={view.start ? 'icon-button views-start' : 'icon-button'}
        aria-pressed={view.start}
        aria-label={start}
        title={start}
        onClick={onStart}
      >
        <Icon name="star" />
      </button>
      {view.may_change && (
        <>
          <button
            type="button"
            className="icon-button"
            aria-label={visibleText(messages.savedViews.change(view.name))}
            title={visibleText(messages.savedViews.change(view.name))}
            onClick={onChange}
          >
            <Icon name="pencil" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={visibleText(messages.savedViews.remove(view.name))}
            title={visibleText(messages.savedViews.remove(view.name))}
            onClick={onRemove}
          >
            <Icon name="bin" />
          </button>
        </>
      )}
    </li>
  )
}
