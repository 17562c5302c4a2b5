import { useExportsWords } from '../../i18n/exportsWords'
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
  const words = useExportsWords()
  const remove = useRemoveExport(tenant)
  return (
    <FormDialog
      danger
      title={words.deleteExport}
      action={words.delete}
      error={remove.error}
      pending={remove.isPending}
      onSubmit={() => remove.mutate(id, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{shown(words.deleteExportText(what))}</p>
    </FormDialog>
  )
}
