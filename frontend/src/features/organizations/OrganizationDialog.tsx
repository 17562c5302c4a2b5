import { type ReactNode, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import type { Organization, Tenant } from '../../model/api/types'
import { OrganizationField } from '../../model/organizations/OrganizationField'
import { TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { added, archived, moved, type OrganizationEdit, renamed, restored } from './organizationEdits'
import { useEditOrganizations } from './organizationQueries'

export type Asked =
  | { what: 'add'; organization?: Organization }
  | { what: 'rename' | 'restore'; organization: Organization }
  /** Without: it and all below it. */
  | { what: 'move' | 'archive'; organization: Organization; without: Set<string> }

interface Props {
  tenant: Tenant
  asked: Asked
  onClose: () => void
}

/** Asks for the details of a change of the tree and makes it. */
export function OrganizationDialog({ tenant, asked, onClose }: Props) {
  const messages = useAdminMessages().organizations
  const edit = useEditOrganizations(tenant.id)
  const { organization } = asked
  const [id, setId] = useState('')
  const [name, setName] = useState(asked.what === 'rename' ? asked.organization.name : '')
  const [parent, setParent] = useState((asked.what === 'add' ? organization?.id : organization?.parent_id) ?? '')

  const nameField = <TextField label={messages.name} required maxLength={1024} value={name} onChange={setName} />
  const parentField = (
    <OrganizationField
      plain
      label={messages.under}
      tenant={tenant.id}
      value={parent}
      none={messages.top}
      {...('without' in asked && { without: asked.without })}
      onChange={setParent}
    />
  )
  function content(): { title: string; action: string; change: OrganizationEdit; body: ReactNode } {
    switch (asked.what) {
      case 'add':
        return {
          title: organization ? messages.addBelowOf(organization.name) : messages.add,
          action: messages.add,
          change: added(id, name, parent),
          body: (
            <>
              <TextField
                mono
                label={messages.id}
                hint={messages.idHint}
                required
                maxLength={64}
                value={id}
                onChange={setId}
              />
              {nameField}
              {parentField}
            </>
          ),
        }
      case 'rename':
        return {
          title: messages.renameOf(asked.organization.name),
          action: messages.save,
          change: renamed(asked.organization.id, name),
          body: nameField,
        }
      case 'move':
        return {
          title: messages.moveOf(asked.organization.name),
          action: messages.move,
          change: moved(asked.organization.id, parent),
          body: (
            <>
              <p className="form-lead">{messages.moveText}</p>
              {parentField}
            </>
          ),
        }
      case 'archive':
        return {
          title: messages.archiveOf(asked.organization.name),
          action: messages.archive,
          change: archived(asked.organization.id),
          body: <p>{messages.archiveText(asked.without.size - 1)}</p>,
        }
      case 'restore':
        return {
          title: messages.restoreOf(asked.organization.name),
          action: messages.restore,
          change: restored(asked.organization.id),
          body: <p>{messages.restoreText}</p>,
        }
    }
  }
  const { title, action, change, body } = content()
  return (
    <FormDialog
      danger={asked.what === 'archive'}
      title={title}
      action={action}
      error={edit.error}
      pending={edit.isPending}
      onSubmit={() => edit.mutate(change, { onSuccess: onClose })}
      onClose={onClose}
    >
      {body}
    </FormDialog>
  )
}
