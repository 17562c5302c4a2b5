import { useAdminMessages } from '../../i18n/adminMessages'
import { titleIn, useLanguage } from '../../i18n/language'
import type { Catalog, CatalogModule, CatalogOperation } from '../../model/api/types'
import { type Titles, titlesOf } from '../../model/log/catalog'
import { type Column, ListTable } from '../../ui/ListTable'
import { RowAction } from '../../ui/RowAction'
import { shown } from '../../ui/Shown'
import { TypeTag } from '../../ui/TypeTag'
import './catalog.css'

export type CatalogItem = CatalogModule | CatalogOperation

interface Props {
  catalog: Catalog
  /** Its modules, or its operation types. */
  items: CatalogItem[]
  onChange: (item: CatalogItem) => void
  onRetire: (item: CatalogItem) => void
  onRemove: (item: CatalogItem) => void
}

export function CatalogTable(props: Props) {
  const messages = useAdminMessages().catalog
  const ofModules = props.items.some((item) => 'operations' in item)
  return (
    <ListTable
      label={ofModules ? messages.module : messages.operation}
      columns={useCatalogColumns(props, ofModules)}
      items={props.items}
      keyOf={(item) => item.key}
      faded={(item) => !!item.retired}
    />
  )
}

function useCatalogColumns(props: Props, ofModules: boolean): Column<CatalogItem>[] {
  const { catalog } = props
  const { tag } = useLanguage()
  const all = useAdminMessages()
  const messages = all.catalog
  const titles = titlesOf(catalog, tag)
  const titleOf = (item: CatalogItem) => titleIn(item.title, tag, item.key)
  return [
    {
      key: 'title',
      title: ofModules ? messages.module : messages.operation,
      ...(ofModules ? { width: 288 } : {}),
      cell: (item) => (
        <span className="stack">
          <span>{'group' in item ? <TypeTag title={titleOf(item)} group={item.group} /> : shown(titleOf(item))}</span>
          <small className="mono">{item.key}</small>
        </span>
      ),
    },
    ofModules
      ? {
          key: 'types',
          title: messages.types,
          cell: (item) => 'operations' in item && <Types module={item} titles={titles} />,
        }
      : {
          key: 'used',
          title: messages.usedIn,
          width: 240,
          cell: (item) => {
            const count = catalog.modules.filter((module) => module.operations.includes(item.key)).length
            return count ? messages.moduleCount(count) : messages.nowhere
          },
        },
    { key: 'origin', title: messages.origin, width: 96, cell: (item) => <Origin item={item} /> },
    {
      key: 'actions',
      title: all.actions,
      actions: true,
      width: 200,
      cell: (item) => <CatalogActions {...props} item={item} title={titleOf(item)} />,
    },
  ]
}

/** The operation types of a module; those that were added to a built-in one are marked. */
function Types({ module, titles }: { module: CatalogModule; titles: Titles }) {
  const messages = useAdminMessages().catalog
  return (
    <span className="catalog-types">
      {module.operations.map((key) => (
        <TypeTag
          key={key}
          title={titles.operation(key)}
          group={titles.group(key)}
          added={module.added?.includes(key) ? messages.typeAdded(titles.operation(key)) : undefined}
        />
      ))}
    </span>
  )
}

function Origin({ item }: { item: CatalogItem }) {
  const messages = useAdminMessages().catalog
  return (
    <span className="stack">
      {item.built_in ? messages.builtIn : messages.own}
      {item.retired && <small>{messages.retired}</small>}
      {'added' in item && !!item.added?.length && <small>{messages.typesAdded(item.added.length)}</small>}
    </span>
  )
}

interface ActionsProps extends Pick<Props, 'onChange' | 'onRetire' | 'onRemove'> {
  item: CatalogItem
  title: string
}

function CatalogActions({ item, title, onChange, onRetire, onRemove }: ActionsProps) {
  const messages = useAdminMessages().catalog
  const retire = item.retired ? messages.reinstate : messages.retire
  return (
    <>
      {(!item.built_in || 'operations' in item) && (
        <RowAction title={messages.change} of={title} onClick={() => onChange(item)} />
      )}
      {!item.built_in && <RowAction title={retire} of={title} onClick={() => onRetire(item)} />}
      {!item.built_in && <RowAction danger title={messages.remove} of={title} onClick={() => onRemove(item)} />}
    </>
  )
}
