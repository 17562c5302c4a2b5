import { parseNetwork } from '../../lib/network'
import type { FacetValue, Organization, Summary } from '../../model/api/types'
import { type Field, type Filters, toggled, without } from '../../model/log/filters'
import { allCounted } from '../../model/log/useLog'
import { countsWithBelow, organizationTree } from '../../model/organizations/organizations'

/** A filter that may match the intended search. */
export interface FilterSuggestion {
  field: Field
  value: string
  title: string
  /** The number of matching operations; undefined if not counted. */
  count: number | undefined
  filters: Filters
}

/** The maximum number of suggestions per field. */
const most = 3

/**
 * Suggests filters on fields that search does not cover, with values like the search text. They come from data that has
 * already been loaded: the summary of the other filters, without the search.
 */
export function suggestFilters(
  filters: Filters,
  summary: Summary | undefined,
  organizations: Organization[] | undefined,
  outcomeTitle: (value: string) => string,
): FilterSuggestion[] {
  const wanted = filters.q.trim().toLowerCase()
  if (wanted === '') return []
  const rest = without(filters, 'q')
  const like = (text: string) => text.toLowerCase().includes(wanted)
  const begins = (text: string) => wanted.length > 1 && text.toLowerCase().startsWith(wanted)
  const way = (field: Field, value: string, title: string, count?: number): FilterSuggestion[] =>
    rest[field].includes(value) || count === 0
      ? []
      : [{ field, value, title, count, filters: toggled(rest, field, value) }]
  const facet = (field: 'role' | 'outcome', fits: (one: FacetValue) => boolean, title: (value: string) => string) =>
    (summary?.facets[field] ?? []).filter(fits).flatMap(({ value, count }) => way(field, value, title(value), count))

  const network = parseNetwork(filters.q)
  // A summary that does not list all organizations tells nothing of those below one.
  const all = allCounted(summary)
  const below = all && countsWithBelow(organizationTree(organizations ?? []), all.facets.organization)
  return [
    ...(network ? way('ip', network, network) : []),
    ...facet('outcome', ({ value }) => begins(value) || begins(outcomeTitle(value)), outcomeTitle),
    ...facet(
      'role',
      ({ value }) => value !== '' && like(value),
      (value) => value,
    ).slice(0, most),
    ...(organizations ?? [])
      .filter(({ name }) => like(name))
      .flatMap(({ id, name }) => way('organization', id, name, below ? below.get(id) : undefined))
      .slice(0, most),
  ]
}
