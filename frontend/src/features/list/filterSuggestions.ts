import { parseNetwork } from '../../lib/network'
import type { FacetValue, Organization, Summary } from '../../model/api/types'
import { type Field, type Filters, toggled, without } from '../../model/log/filters'
import { countsWithBelow, organizationTree } from '../../model/organizations/organizations'

/** A filter that may be what was searched for. */
export interface FilterSuggestion {
  field: Field
  value: string
  title: string
  /** How many operations it gives; undefined where that has not been counted. */
  count: number | undefined
  filters: Filters
}

/** At most so many of one field: more are no help. */
const most = 3

/**
 * The filters by what the search does not look in whose values read like what was searched for. They come from what has
 * been read already: the summary is that of the other filters, without the search.
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
  const below = summary && countsWithBelow(organizationTree(organizations ?? []), summary.facets.organization)
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
      .flatMap(({ id, name }) => way('organization', id, name, below?.get(id)))
      .slice(0, most),
  ]
}
