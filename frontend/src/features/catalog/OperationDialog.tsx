import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useChoicesMessages } from '../../i18n/choicesMessages'
import { titleIn, useLanguage } from '../../i18n/language'
import type { CatalogOperation, OperationGroup, Tenant } from '../../model/api/types'
import { Choices } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { withOperation } from './catalogEdits'
import { useEditCatalog } from './catalogQueries'
import { KeyField, TitleFields } from './TitleFields'

interface Props {
  tenant: Tenant
  /** The one to edit; none to create one. */
  operation?: CatalogOperation
  onClose: () => void
}

const groups: OperationGroup[] = ['change', 'create', 'destructive', 'outward']

export function OperationDialog({ tenant, operation, onClose }: Props) {
  const { tag } = useLanguage()
  const choices = useChoicesMessages()
  const messages = useAdminMessages().catalog
  const edit = useEditCatalog(tenant.id)
  const [key, setKey] = useState('')
  const [title, setTitle] = useState(operation?.title ?? { en: '', 'zh-CN': '' })
  const [group, setGroup] = useState<OperationGroup>(operation?.group ?? 'change')

  function submit() {
    const made = { ...(operation ?? { key, built_in: false, retired: false }), title, group }
    edit.mutate(withOperation(made), { onSuccess: onClose })
  }

  return (
    <FormDialog
      title={operation ? messages.changeOf(titleIn(operation.title, tag, operation.key)) : messages.addOperation}
      action={operation ? messages.save : messages.addOperation}
      error={edit.error}
      pending={edit.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      {!operation && <KeyField value={key} onChange={setKey} />}
      <TitleFields value={title} onChange={setTitle} />
      <Choices
        label={messages.group}
        value={group}
        choices={groups.map((value) => ({ value, title: choices.groups[value], text: messages.groupText[value] }))}
        onChange={setGroup}
      />
    </FormDialog>
  )
}
