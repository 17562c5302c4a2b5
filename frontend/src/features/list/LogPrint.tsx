import { useMessages } from '../../i18n/language'
import { call, tenantPath } from '../../model/api/http'
import type { Entry, Summary, Tenant } from '../../model/api/types'
import type { Titles } from '../../model/log/catalog'
import type { EntryName } from '../../model/log/entryAddress'
import { type Filters, writeFilters } from '../../model/log/filters'
import type { NameOf } from '../../model/log/filterTexts'
import type { Column } from '../../model/log/preferences'
import { readEntry } from '../../model/log/queries'
import { fetchRows } from '../../model/print/fetchRows'
import { usePrint } from '../../model/print/usePrint'
import { preloadable } from '../../ui/hooks/preload'
import { Icon } from '../../ui/Icon'
import { LazyBoundary } from '../../ui/LazyBoundary'

const LogPrintSheet = preloadable(() => import('./LogPrintSheet'))

interface Props {
  tenant: Tenant
  filters: Filters
  /** The entries on the page. */
  entries: Entry[]
  summary: Summary | undefined
  titles: Titles
  nameOf: NameOf
  hidden: Column[]
  /** The open entry, which is printed instead of the rows. */
  open: EntryName | undefined
  /** Without the button: Ctrl+P and the browser's menu still work. */
  silent: boolean
}

/** The button that prints the rows of the view, and the printed table. */
export function LogPrint(props: Props) {
  const { tenant, filters, open } = props
  const messages = useMessages()
  const printing = usePrint(async (signal) => {
    if (open) {
      await readEntry(tenant.id, open, 'print', signal) // already on the page; read for the access log
      return undefined
    }
    const query = writeFilters(filters)
    const [{ rows }, summary] = await Promise.all([
      fetchRows(tenantPath(tenant.id, 'entries'), query, signal),
      call<Summary>(tenantPath(tenant.id, `summary?${query}`), { signal, action: 'print' }),
      LogPrintSheet.preload(),
    ])
    return { rows, summary }
  })
  return (
    <>
      {!props.silent && (
        <button
          type="button"
          className="icon-button"
          aria-label={messages.printing.print}
          title={`${messages.printing.print} (Ctrl+P)`}
          aria-busy={printing.pending || undefined}
          onClick={printing.print}
        >
          <Icon name="printer" />
        </button>
      )}
      {printing.on && !open && (
        <LazyBoundary>
          <LogPrintSheet {...props} loaded={printing.loaded} />
        </LazyBoundary>
      )}
    </>
  )
}
