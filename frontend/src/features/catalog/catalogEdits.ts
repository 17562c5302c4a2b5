import type { Catalog, CatalogModule, CatalogOperation } from '../../model/api/types'

/** A change of a catalog, applied to its current state on save. */
export type CatalogEdit = (catalog: Catalog) => Catalog

/** Replaces the module with the same key, or adds it. */
export function withModule(module: CatalogModule): CatalogEdit {
  return (catalog) => ({ ...catalog, modules: put(catalog.modules, module) })
}

export function withoutModule(key: string): CatalogEdit {
  return (catalog) => ({ ...catalog, modules: catalog.modules.filter((one) => one.key !== key) })
}

export function withOperation(operation: CatalogOperation): CatalogEdit {
  return (catalog) => ({ ...catalog, operations: put(catalog.operations, operation) })
}

/** Removes an operation type, also from the modules that allow it. */
export function withoutOperation(key: string): CatalogEdit {
  return (catalog) => ({
    operations: catalog.operations.filter((one) => one.key !== key),
    modules: catalog.modules.map((module) => ({
      ...module,
      operations: module.operations.filter((one) => one !== key),
    })),
  })
}

function put<T extends { key: string }>(list: T[], item: T): T[] {
  return list.some((one) => one.key === item.key)
    ? list.map((one) => (one.key === item.key ? item : one))
    : [...list, item]
}
