import { useEffect, useRef, useState } from 'react'
import { useMessages } from '../../i18n/language'
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
  const messages = useMessages()
  return (
    <Floating label={messages.views.title} align="end" onClose={props.onClose}>
      <Views {...props} />
    </Floating>
  )
}

/** The saved views, own ones first, and a form to save the current one. */
function Views(props: Props) {
  const { tenant, query, onOpen, onClose } = props
  const messages = useMessages()
  const views = useViews(tenant.id)
  const save = useSaveView(tenant.id)
  const remove = useRemoveView(tenant.id)
  const [form, setForm] = useState<{ view?: View }>()
  const [leaving, setLeaving] = useState<string>()
  const panel = useRef<HTMLDivElement>(null)
  const error = views.error ?? save.error ?? remove.error

  // The focus follows what takes the place of what had it.
  const was = useRef<string>(undefined)
  const part = form ? `form ${form.view?.id ?? ''}` : leaving ? `leave ${leaving}` : 'list'
  const ready = views.data !== undefined
  useEffect(() => {
    if (!ready || was.current === part) return
    const first = was.current === undefined || part !== 'list'
    was.current = part
    const wanted = panel.current?.querySelector<HTMLElement>('input[type=text], button')
    if (first || document.activeElement === document.body) wanted?.focus()
  }, [part, ready])

  if (form)
    return (
      <div ref={panel} className="views-panel">
        <ViewForm {...props} view={form.view} onDone={() => setForm(undefined)} />
      </div>
    )

  const own = views.data?.filter((view) => view.own)
  const others = views.data?.filter((view) => !view.own)
  const list = (title: string | undefined, some: View[] | undefined) =>
    some &&
    some.length > 0 && (
      <section>
        {title && <h3>{title}</h3>}
        <ul>
          {some.map((view) =>
            view.id === leaving ? (
              <li key={view.id} className="views-leave">
                <span>
                  <Shown text={messages.views.removeAsk(view.name, view.shared)} />
                </span>
                <button
                  type="button"
                  className="text-button views-remove"
                  onClick={() => remove.mutate(view.id, { onSettled: () => setLeaving(undefined) })}
                >
                  {messages.delete}
                </button>
                <button type="button" className="text-button quiet" onClick={() => setLeaving(undefined)}>
                  {messages.cancel}
                </button>
              </li>
            ) : (
              <Line
                key={view.id}
                view={view}
                current={showsView(query, view)}
                onOpen={() => {
                  onOpen(view)
                  onClose()
                }}
                onStart={() => save.mutate({ id: view.id, body: { start: !view.start } })}
                onChange={() => setForm({ view })}
                onRemove={() => setLeaving(view.id)}
              />
            ),
          )}
        </ul>
      </section>
    )

  return (
    <div ref={panel} className="views-panel">
      {error && (
        <Notice kind="error" action={views.error ? messages.retry : undefined} onAction={() => views.refetch()}>
          {messages.views.failed(problemText(error))}
        </Notice>
      )}
      {views.data?.length === 0 && <p className="views-none">{messages.views.none}</p>}
      <div className="views-lists">
        {list(others?.length ? messages.views.own : undefined, own)}
        {list(messages.views.shared, others)}
      </div>
      {views.data && (
        <div className="views-foot">
          <button type="button" className="text-button" onClick={() => setForm({})}>
            <Icon name="plus" />
            {messages.views.save}
          </button>
        </div>
      )}
    </div>
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
  const messages = useMessages()
  const start = visibleText(view.start ? messages.views.startsHere(view.name) : messages.views.startWith(view.name))
  return (
    <li>
      <button type="button" className="views-open" aria-current={current ? 'true' : undefined} onClick={onOpen}>
        <span className="cut" title={visibleText(view.name)}>
          <Shown text={view.name} />
        </span>
        {view.shared && (
          <small className="cut">{shown(view.own ? messages.views.sharedTag : messages.views.by(view.made_by))}</small>
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
            aria-label={visibleText(messages.views.change(view.name))}
            title={visibleText(messages.views.change(view.name))}
            onClick={onChange}
          >
            <Icon name="pencil" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={visibleText(messages.views.remove(view.name))}
            title={visibleText(messages.views.remove(view.name))}
            onClick={onRemove}
          >
            <Icon name="bin" />
          </button>
        </>
      )}
    </li>
  )
}
