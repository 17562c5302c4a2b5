import { useExportsMessages } from '../../i18n/exportsMessages'
import { FormDialog } from '../../ui/form/FormDialog'
import { shown } from '../../ui/Shown'
import { useRemoveExport } from './queries'

interface Props {
  tenant: string
  id: string
  what: string
  onClose: () => void
}

/** Asks before deleting a file that others may need. */
export default function DeleteExport({ tenant, id, what, onClose }: Props) {
  const messages = useExportsMessages()
  const remove = useRemoveExport(tenant)
  return (
    <FormDialog
      danger
      title={messages.deleteExport}
      action={messages.delete}
      error={remove.error}
      pending={remove.isPending}
      onSubmit={() => remove.mutate(id, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{shown(messages.deleteExportText(what))}</p>
    </FormDialog>
  )
}
