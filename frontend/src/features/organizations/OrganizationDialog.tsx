import { type ReactNode, useState } from 'react'
import { useAdminWords } from '../../i18n/adminWords'
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
  const words = useAdminWords().organizations
  const edit = useEditOrganizations(tenant.id)
  const { organization } = asked
  const [id, setId] = useState('')
  const [name, setName] = useState(asked.what === 'rename' ? asked.organization.name : '')
  const [parent, setParent] = useState((asked.what === 'add' ? organization?.id : organization?.parent_id) ?? '')

  const nameField = <TextField label={words.name} required maxLength={1024} value={name} onChange={setName} />
  const parentField = (
    <OrganizationField
      plain
      label={words.under}
      tenant={tenant.id}
      value={parent}
      none={words.top}
      {...('without' in asked && { without: asked.without })}
      onChange={setParent}
    />
  )
  function content(): { title: string; action: string; change: OrganizationEdit; body: ReactNode } {
    switch (asked.what) {
      case 'add':
        return {
          title: organization ? words.addBelowOf(organization.name) : words.add,
          action: words.add,
          change: added(id, name, parent),
          body: (
            <>
              <TextField
                mono
                label={words.id}
                hint={words.idHint}
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
          title: words.renameOf(asked.organization.name),
          action: words.save,
          change: renamed(asked.organization.id, name),
          body: nameField,
        }
      case 'move':
        return {
          title: words.moveOf(asked.organization.name),
          action: words.move,
          change: moved(asked.organization.id, parent),
          body: (
            <>
              <p className="form-lead">{words.moveText}</p>
              {parentField}
            </>
          ),
        }
      case 'archive':
        return {
          title: words.archiveOf(asked.organization.name),
          action: words.archive,
          change: archived(asked.organization.id),
          body: <p>{words.archiveText(asked.without.size - 1)}</p>,
        }
      case 'restore':
        return {
          title: words.restoreOf(asked.organization.name),
          action: words.restore,
          change: restored(asked.organization.id),
          body: <p>{words.restoreText}</p>,
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
