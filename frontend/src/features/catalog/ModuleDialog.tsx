import { useId, useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useLanguage } from '../../i18n/language'
import type { Catalog, CatalogModule, Tenant } from '../../model/api/types'
import { titlesOf } from '../../model/log/catalog'
import { FormDialog } from '../../ui/form/FormDialog'
import { withModule } from './catalogEdits'
import { useEditCatalog } from './catalogQueries'
import { KeyField, TitleFields } from './TitleFields'

interface Props {
  tenant: Tenant
  catalog: Catalog
  /** The module to edit; none to create one. Built-in modules can only be given more operation types. */
  module?: CatalogModule
  onClose: () => void
}

export function ModuleDialog({ tenant, catalog, module, onClose }: Props) {
  const { tag } = useLanguage()
  const messages = useAdminMessages().catalog
  const edit = useEditCatalog(tenant.id)
  const [key, setKey] = useState('')
  const [title, setTitle] = useState(module?.title ?? { en: '', 'zh-CN': '' })
  const [operations, setOperations] = useState(module?.operations ?? [])
  const titles = titlesOf(catalog, tag)
  // Built-in types stay; added ones can be removed.
  const fixed = module?.built_in ? module.operations.filter((one) => !module.added?.includes(one)) : []
  const group = useId()

  function turn(one: string) {
    setOperations(operations.includes(one) ? operations.filter((other) => other !== one) : [...operations, one])
  }
  function submit() {
    const made = { ...(module ?? { key, built_in: false, retired: false }), title, operations }
    edit.mutate(withModule(made), { onSuccess: onClose })
  }

  return (
    <FormDialog
      wide
      title={module ? messages.changeOf(titles.module(module.key)) : messages.addModule}
      action={module ? messages.save : messages.addModule}
      error={edit.error}
      pending={edit.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      {!module && <KeyField value={key} onChange={setKey} />}
      {!module?.built_in && <TitleFields value={title} onChange={setTitle} />}
      <fieldset className="form-field" aria-describedby={`${group}-hint`}>
        <legend>{messages.types}</legend>
        <p id={`${group}-hint`} className="form-hint">
          {messages.typesText}
        </p>
        <div className="catalog-checks">
          {catalog.operations.map((operation) => (
            <label key={operation.key}>
              <input
                type="checkbox"
                checked={operations.includes(operation.key)}
                disabled={fixed.includes(operation.key)}
                onChange={() => turn(operation.key)}
              />
              <span className="cut">{titles.operation(operation.key)}</span>
            </label>
          ))}
        </div>
      </fieldset>
    </FormDialog>
  )
}
