import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { titleIn, useLanguage } from '../../i18n/language'
import { problemText } from '../../lib/problem'
import type { CatalogModule, CatalogOperation, Tenant } from '../../model/api/types'
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
type Asked = { what: 'add' } | { what: 'change' | 'remove'; item: CatalogItem }

/** The modules and operation types of a tenant: the built-in ones, and its own. */
export default function CatalogPage({ tenant }: { tenant: Tenant }) {
  const { tag } = useLanguage()
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
  const itemOf = <T extends CatalogItem>(is: (item: CatalogItem) => item is T): T | undefined =>
    asked?.what === 'change' && is(asked.item) ? asked.item : undefined
  const adding = asked?.what === 'add'
  const module = itemOf(isModule)
  const operation = itemOf(isOperation)
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
            {(module || (adding && part === 'modules')) && (
              <ModuleDialog tenant={tenant} catalog={data} {...(module && { module })} onClose={close} />
            )}
            {(operation || (adding && part === 'operations')) && (
              <OperationDialog tenant={tenant} {...(operation && { operation })} onClose={close} />
            )}
          </>
        )}
      </Loaded>
      {asked?.what === 'remove' && (
        <RemoveDialog
          tenant={tenant}
          item={asked.item}
          title={titleIn(asked.item.title, tag, asked.item.key)}
          onRemoved={(stays) => {
            setKept(stays ? titleIn(asked.item.title, tag, asked.item.key) : undefined)
            close()
          }}
          onClose={close}
        />
      )}
    </>
  )
}

function isModule(item: CatalogItem): item is CatalogModule {
  return 'operations' in item
}

function isOperation(item: CatalogItem): item is CatalogOperation {
  return 'group' in item
}

interface RemoveProps {
  tenant: Tenant
  item: CatalogItem
  title: string
  /** Whether it is kept because it has been used. */
  onRemoved: (stays: boolean) => void
  onClose: () => void
}

function RemoveDialog({ tenant, item, title, onRemoved, onClose }: RemoveProps) {
  const messages = useAdminMessages().catalog
  const edit = useEditCatalog(tenant.id)
  const part = isModule(item) ? 'modules' : 'operations'
  return (
    <FormDialog
      danger
      title={messages.removeOf(title)}
      action={messages.remove}
      error={edit.error}
      pending={edit.isPending}
      onSubmit={() =>
        edit.mutate(isModule(item) ? withoutModule(item.key) : withoutOperation(item.key), {
          onSuccess: (catalog) => onRemoved(catalog[part].some(({ key }) => key === item.key)),
        })
      }
      onClose={onClose}
    >
      <p>{part === 'modules' ? messages.removeModule : messages.removeOperation}</p>
    </FormDialog>
  )
}
