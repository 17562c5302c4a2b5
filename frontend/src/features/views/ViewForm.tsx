import { useId, useState } from 'react'
import { useViewsMessages } from '../../i18n/viewsMessages'
import { problemText } from '../../lib/problem'
import type { View } from '../../model/api/types'
import { useSession } from '../../model/session/session'
import { Button } from '../../ui/Button'
import { Form, useFieldError } from '../../ui/form/Form'
import { Notice } from '../../ui/Notice'
import { useSaveView } from './queries'
import { showsView, tableSettingsOf } from './tableSettings'
import type { ViewContext } from './ViewsMenu'
import '../../ui/choices.css'

interface Props extends ViewContext {
  /** The view to edit; without it the current filters become a new view. */
  view: View | undefined
  onDone: () => void
}

/** Saves the current filters as a view, or edits a view. */
export function ViewForm({ tenant, query, shown, preferences, view, onDone }: Props) {
  const messages = useViewsMessages()
  const session = useSession()
  const save = useSaveView(tenant.id)
  const [name, setName] = useState(view?.name ?? '')
  const [shared, setShared] = useState(view?.shared ?? false)
  const [withTable, setWithTable] = useState(view?.table !== undefined)
  const [start, setStart] = useState(view?.start ?? false)
  const [fresh, setFresh] = useState(false)
  const differs = view !== undefined && !showsView(query, view)
  // As on the server: accounts limited to an organization cannot share views.
  const mayShare = (session.role === 'owner' || session.role === 'admin') && !session.organization

  function submit() {
    if (save.isPending) return
    const look = tableSettingsOf(preferences)
    const body = view
      ? {
          name: name.trim(),
          ...(fresh ? { query } : {}),
          ...(mayShare ? { shared } : {}),
          ...(withTable ? { table: fresh || !view.table ? look : view.table } : view.table ? { table: {} } : {}),
          ...(start === view.start ? {} : { start }),
        }
      : { name: name.trim(), query, shared, start, ...(withTable ? { table: look } : {}) }
    save.mutate({ ...(view ? { id: view.id } : {}), body }, { onSuccess: onDone })
  }

  return (
    <Form className="views-form" error={save.error} onSubmit={submit}>
      <h3>{view ? messages.savedViews.changeTitle : messages.savedViews.save}</h3>
      <Name value={name} onChange={setName} />
      {(!view || fresh) && <p className="views-shown">{messages.savedViews.holds(shown)}</p>}
      {differs && <Check label={messages.savedViews.fresh} checked={fresh} onChange={setFresh} />}
      <Check label={messages.savedViews.withTable} checked={withTable} onChange={setWithTable} />
      <Check label={messages.savedViews.start} checked={start} onChange={setStart} />
      {mayShare && <Check label={messages.savedViews.share} checked={shared} onChange={setShared} />}
      {save.error && <Notice kind="error">{messages.savedViews.notSaved(problemText(save.error))}</Notice>}
      <div className="views-buttons">
        <Button onClick={onDone}>{messages.cancel}</Button>
        <Button kind="primary" submit pending={save.isPending}>
          {messages.savedViews.saveButton}
        </Button>
      </div>
    </Form>
  )
}

function Name({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  const messages = useViewsMessages()
  const id = useId()
  const fault = useFieldError(id)
  return (
    <>
      <label htmlFor={id}>{messages.savedViews.name}</label>
      <div className="field">
        <input
          id={id}
          type="text"
          autoComplete="off"
          required
          maxLength={128}
          aria-invalid={fault ? true : undefined}
          aria-describedby={fault ? `${id}-fault` : undefined}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
      {fault && (
        <p id={`${id}-fault`} className="views-fault">
          {fault}
        </p>
      )}
    </>
  )
}

function Check({ label, checked, onChange }: { label: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="choice">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  )
}
