import { useState } from 'react'
import type { AdminMessages } from '../../i18n/admin.en'
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
  const [values, setValues] = useState<Values>({
    id: '',
    name: asked.what === 'rename' ? asked.organization.name : '',
    parent: (asked.what === 'add' ? organization?.id : organization?.parent_id) ?? '',
  })
  const { title, action } = textsOf(asked, messages)
  return (
    <FormDialog
      danger={asked.what === 'archive'}
      title={title}
      action={action}
      error={edit.error}
      pending={edit.isPending}
      onSubmit={() => edit.mutate(editOf(asked, values), { onSuccess: onClose })}
      onClose={onClose}
    >
      <Body
        tenant={tenant}
        asked={asked}
        values={values}
        onChange={(some) => setValues((before) => ({ ...before, ...some }))}
      />
    </FormDialog>
  )
}

/** The details of a change; each change takes some of them. */
interface Values {
  id: string
  name: string
  /** Empty: the top of the tree. */
  parent: string
}

function textsOf(
  { what, organization }: Asked,
  messages: AdminMessages['organizations'],
): { title: string; action: string } {
  const name = organization?.name ?? ''
  switch (what) {
    case 'add':
      return { title: organization ? messages.addBelowOf(name) : messages.add, action: messages.add }
    case 'rename':
      return { title: messages.renameOf(name), action: messages.save }
    case 'move':
      return { title: messages.moveOf(name), action: messages.move }
    case 'archive':
      return { title: messages.archiveOf(name), action: messages.archive }
    case 'restore':
      return { title: messages.restoreOf(name), action: messages.restore }
  }
}

function editOf(asked: Asked, { id, name, parent }: Values): OrganizationEdit {
  switch (asked.what) {
    case 'add':
      return added(id, name, parent)
    case 'rename':
      return renamed(asked.organization.id, name)
    case 'move':
      return moved(asked.organization.id, parent)
    case 'archive':
      return archived(asked.organization.id)
    case 'restore':
      return restored(asked.organization.id)
  }
}

interface BodyProps {
  tenant: Tenant
  asked: Asked
  values: Values
  onChange: (some: Partial<Values>) => void
}

/** The fields of a change, or what it does. */
function Body({ tenant, asked, values, onChange }: BodyProps) {
  const messages = useAdminMessages().organizations
  if (asked.what === 'archive') return <p>{messages.archiveText(asked.without.size - 1)}</p>
  if (asked.what === 'restore') return <p>{messages.restoreText}</p>
  return (
    <>
      {asked.what === 'add' && (
        <TextField
          mono
          label={messages.id}
          hint={messages.idHint}
          required
          maxLength={64}
          value={values.id}
          onChange={(id) => onChange({ id })}
        />
      )}
      {asked.what === 'move' ? (
        <p className="form-lead">{messages.moveText}</p>
      ) : (
        <TextField
          label={messages.name}
          required
          maxLength={1024}
          value={values.name}
          onChange={(name) => onChange({ name })}
        />
      )}
      {asked.what !== 'rename' && (
        <OrganizationField
          plain
          label={messages.under}
          tenant={tenant.id}
          value={values.parent}
          none={messages.top}
          {...('without' in asked && { without: asked.without })}
          onChange={(parent) => onChange({ parent })}
        />
      )}
    </>
  )
}
