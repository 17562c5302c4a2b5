import { useAdminMessages } from '../../i18n/adminMessages'
import { titleIn, useLanguage } from '../../i18n/language'
import { visibleText } from '../../lib/visible'
import type { Catalog, CatalogModule, CatalogOperation } from '../../model/api/types'
import { titlesOf } from '../../model/log/catalog'
import { type Column, ListTable } from '../../ui/ListTable'
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

export function CatalogTable({ catalog, items, onChange, onRetire, onRemove }: Props) {
  const { tag } = useLanguage()
  const all = useAdminMessages()
  const messages = all.catalog
  const titles = titlesOf(catalog, tag)
  const titleOf = (item: CatalogItem) => titleIn(item.title, tag, item.key)
  const action = (title: string, item: CatalogItem, run: (item: CatalogItem) => void, danger = false) => (
    <button
      type="button"
      className={danger ? 'link link-danger' : 'link'}
      aria-label={visibleText(all.named(title, titleOf(item)))}
      onClick={() => run(item)}
    >
      {title}
    </button>
  )
  const ofModules = items.some((item) => 'operations' in item)

  const columns: Column<CatalogItem>[] = [
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
          cell: (item) =>
            'operations' in item && (
              <span className="catalog-types">
                {item.operations.map((key) => (
                  <TypeTag
                    key={key}
                    title={titles.operation(key)}
                    group={titles.group(key)}
                    added={item.added?.includes(key) ? messages.typeAdded(titles.operation(key)) : undefined}
                  />
                ))}
              </span>
            ),
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
    {
      key: 'origin',
      title: messages.origin,
      width: 96,
      cell: (item) => (
        <span className="stack">
          {item.built_in ? messages.builtIn : messages.own}
          {item.retired && <small>{messages.retired}</small>}
          {'added' in item && !!item.added?.length && <small>{messages.typesAdded(item.added.length)}</small>}
        </span>
      ),
    },
    {
      key: 'actions',
      title: all.actions,
      actions: true,
      width: 200,
      cell: (item) => (
        <>
          {(!item.built_in || ofModules) && action(messages.change, item, onChange)}
          {!item.built_in && action(item.retired ? messages.reinstate : messages.retire, item, onRetire)}
          {!item.built_in && action(messages.remove, item, onRemove, true)}
        </>
      ),
    },
  ]
  return (
    <ListTable
      label={ofModules ? messages.module : messages.operation}
      columns={columns}
      items={items}
      keyOf={(item) => item.key}
      faded={(item) => !!item.retired}
    />
  )
}
