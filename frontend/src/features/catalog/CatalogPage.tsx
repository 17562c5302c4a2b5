import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { titleIn, useLanguage } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import type { Catalog, CatalogModule, Tenant } from '../../model/api/types'
import { useCatalog } from '../../model/log/queries'
import { Button } from '../../ui/Button'
import { FormDialog } from '../../ui/form/FormDialog'
import { Loaded } from '../../ui/Loaded'
import { Notice } from '../../ui/Notice'
import { SectionHead } from '../../ui/SectionHead'
import { Segments } from '../../ui/Segments'
import { type CatalogItem, CatalogTable } from './CatalogTable'
import { withModule, withOperation, withoutModule, withoutOperation } from './catalogEdits'
import { useEditCatalog } from './catalogQueries'
import { ModuleDialog } from './ModuleDialog'
import { OperationDialog } from './OperationDialog'

type Part = 'modules' | 'operations'
type Edit = { what: 'add' } | { what: 'change'; item: CatalogItem }
type Asked = Edit | { what: 'remove'; item: CatalogItem }

/** The modules and operation types of a tenant: the built-in ones, and its own. */
export default function CatalogPage({ tenant }: { tenant: Tenant }) {
  const all = useAdminMessages()
  const messages = all.catalog
  const catalog = useCatalog(tenant.id)
  const turn = useEditCatalog(tenant.id)
  const [part, setPart] = useState<Part>('modules')
  const [asked, setAsked] = useState<Asked>()
  const [kept, setKept] = useState<string>()
  const close = () => setAsked(undefined)

  function turnRetired(item: CatalogItem) {
    const next = { ...item, retired: !item.retired }
    turn.mutate(isModule(next) ? withModule(next) : withOperation(next))
  }
  return (
    <>
      <SectionHead title={messages.title} text={messages.text}>
        <Button kind="primary" disabled={!catalog.data} onClick={() => setAsked({ what: 'add' })}>
          {part === 'modules' ? messages.addModule : messages.addOperation}
        </Button>
      </SectionHead>
      {turn.error && <Notice kind="error">{all.notDone(problemText(turn.error))}</Notice>}
      {kept && <Notice kind="note">{messages.stays(kept)}</Notice>}
      <Loaded query={catalog}>
        {(data) => (
          <>
            <Segments
              label={messages.part}
              className="catalog-part"
              value={part}
              segments={[
                { value: 'modules', label: messages.modules(data.modules.length) },
                { value: 'operations', label: messages.operations(data.operations.length) },
              ]}
              onChange={setPart}
            />
            <CatalogTable
              catalog={data}
              items={[...data[part]].sort((a, b) => Number(!!a.built_in) - Number(!!b.built_in))}
              onChange={(item) => setAsked({ what: 'change', item })}
              onRetire={turnRetired}
              onRemove={(item) => setAsked({ what: 'remove', item })}
            />
            {asked && asked.what !== 'remove' && (
              <EditDialog tenant={tenant} catalog={data} part={part} asked={asked} onClose={close} />
            )}
          </>
        )}
      </Loaded>
      {asked?.what === 'remove' && <RemoveDialog tenant={tenant} item={asked.item} onKept={setKept} onClose={close} />}
    </>
  )
}

function isModule(item: CatalogItem): item is CatalogModule {
  return 'operations' in item
}

interface EditProps {
  tenant: Tenant
  catalog: Catalog
  /** What a new item is. */
  part: Part
  asked: Edit
  onClose: () => void
}

/** Creates or changes a module or an operation type. */
function EditDialog({ tenant, catalog, part, asked, onClose }: EditProps) {
  const item = asked.what === 'change' ? asked.item : undefined
  if (item && !isModule(item)) return <OperationDialog tenant={tenant} operation={item} onClose={onClose} />
  if (!item && part === 'operations') return <OperationDialog tenant={tenant} onClose={onClose} />
  return <ModuleDialog tenant={tenant} catalog={catalog} module={item} onClose={onClose} />
}

interface RemoveProps {
  tenant: Tenant
  item: CatalogItem
  /** Called with the title of an item that is kept because it has been used; undefined once one is removed. */
  onKept: (title: string | undefined) => void
  onClose: () => void
}

function RemoveDialog({ tenant, item, onKept, onClose }: RemoveProps) {
  const { tag } = useLanguage()
  const messages = useAdminMessages().catalog
  const edit = useEditCatalog(tenant.id)
  const part = isModule(item) ? 'modules' : 'operations'
  const title = titleIn(item.title, tag, item.key)
  return (
    <FormDialog
      danger
      title={messages.removeOf(title)}
      action={messages.remove}
      error={edit.error}
      pending={edit.isPending}
      onSubmit={() =>
        edit.mutate(isModule(item) ? withoutModule(item.key) : withoutOperation(item.key), {
          onSuccess: (catalog) => {
            onKept(catalog[part].some(({ key }) => key === item.key) ? title : undefined)
            onClose()
          },
        })
      }
      onClose={onClose}
    >
      <p>{part === 'modules' ? messages.removeModule : messages.removeOperation}</p>
    </FormDialog>
  )
}
