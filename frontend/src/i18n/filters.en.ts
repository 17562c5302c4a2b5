import { n } from './numbers'

export const filtersEn = {
  search: 'Search',
  searchHint: 'User, module or content',
  clearSearch: 'Clear search',
  filters: 'Filters',
  all: 'All',
  moreFilters: 'More',
  /** The label of excluded values: `Not user`. */
  not: (label: string) => `Not ${/^[A-Z][a-z]/.test(label) ? label[0]?.toLowerCase() + label.slice(1) : label}`,
  /** Excluded values without a label. */
  notThese: (values: string) => `not ${values}`,
  ip: 'IP address',
  apiKey: 'API key',
  done: 'Done',
  nothingFound: 'Nothing found',
  noOrganizations: 'No organizations yet. Your system sends them, or its operations add them.',
  export: 'Export',

  activeFilters: 'Active filters',
  chip: (label: string) => `${label}:`,
  chipWhole: (label: string, text: string) => `${label}: ${text}`,
  more: (count: number) => `+${n(count)}`,
  removeFilter: (label: string) => `Remove filter: ${label}`,
  clearAll: 'Clear all',
  copyLink: 'Copy link',
  linkCopied: 'Link copied',
  copied: 'Copied',
}
