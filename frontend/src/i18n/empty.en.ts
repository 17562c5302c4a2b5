import { n } from './numbers'

export const emptyEn = {
  noMatchOne: 'No operation matches this filter',
  noMatch: (count: number) => `No operation matches all ${n(count)} filters`,
  noneInPeriod: 'No operation in this period',
  searchCovered: (period: string) => `The search covered all operations ${period}, not only those on screen.`,
  notSearched:
    'Search looks in user, module and content, not in role, organization, IP address, outcome, changes or details.',
  filterInstead: 'Filter instead',
  takeOneAway: 'Taking one filter away gives:',
  countIn: (count: number, period: string) => `${n(count)} in the ${period}`,
  widen: { last_7_days: 'Widen to 7 days', last_30_days: 'Widen to 30 days', last_90_days: 'Widen to 90 days' },
  noneYet: 'No operation has been recorded yet.',
  noneYetText: 'Operations appear here as soon as a system records them for this tenant.',
  coveredText: {
    today: 'of today',
    last_7_days: 'of the last 7 days',
    last_30_days: 'of the last 30 days',
    last_90_days: 'of the last 90 days',
    yesterday: 'of yesterday',
    last_week: 'of last week',
    this_month: 'of this month',
    last_month: 'of last month',
    custom: 'of this period',
  },
  sendTest: 'Send a test entry',
}
