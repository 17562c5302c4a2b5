import { useMessages } from '../../i18n/language'
import { activeFilters, hasSelection } from '../../model/log/filters'
import { filterPhrase, filterText } from '../../model/log/filterTexts'
import type { LogPart } from '../../model/log/useLog'
import { withTableSettings } from './tableSettings'
import type { ViewContext } from './ViewsMenu'

/** The current filters and table settings, as a view would store them, and a function to open a view. */
export function useViewContext(
  { tenant, filters, log, preferences, onPreferences }: LogPart,
  openQuery: (query: string) => void,
): ViewContext {
  const messages = useMessages()
  const { nameOf, summary } = log
  const zone = tenant.time_zone
  return {
    tenant,
    query: log.query,
    shown: messages.listJoin([
      ...activeFilters(filters).flatMap((name) =>
        name === 'period' ? [] : [filterPhrase(name, filters, nameOf, summary, zone, messages)],
      ),
      filters.range && !hasSelection(filters)
        ? messages.rangeInText[filters.range]
        : filterText('period', filters, nameOf, summary, zone, messages),
    ]),
    preferences,
    onOpen: (view) => {
      if (view.table) onPreferences(withTableSettings(preferences, view.table))
      openQuery(view.query)
    },
  }
}
