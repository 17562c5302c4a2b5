import { useMemo } from 'react'
import type { LocaleTag } from '../../i18n/dictionaries'
import { titleIn, useLanguage } from '../../i18n/language'
import type { Catalog, OperationGroup } from '../api/types'
import { useCatalog } from './queries'

/** Titles and groups of modules and operation types, in the reader's language, from the tenant's catalog. */
export interface Titles {
  module: (key: string) => string
  operation: (key: string) => string
  group: (key: string) => OperationGroup
  catalog: Catalog | undefined
}

export function titlesOf(catalog: Catalog | undefined, tag: LocaleTag): Titles {
  const modules = new Map(catalog?.modules.map((module) => [module.key, module]))
  const operations = new Map(catalog?.operations.map((operation) => [operation.key, operation]))
  return {
    module: (key) => titleIn(modules.get(key)?.title, tag, key),
    operation: (key) => titleIn(operations.get(key)?.title, tag, key),
    group: (key) => operations.get(key)?.group ?? 'change',
    catalog,
  }
}

export function useTitles(tenant: string): Titles {
  const { tag } = useLanguage()
  const { data } = useCatalog(tenant)
  return useMemo(() => titlesOf(data, tag), [data, tag])
}
