import { entryEn } from './entry.en'
import { exportsEn } from './exports.en'
import { filtersEn } from './filters.en'
import { listEn } from './list.en'
import { n, plural } from './numbers'
import { sessionEn } from './session.en'
import { timeEn } from './time.en'

/**
 * The words of the console. A feature's words are in a file of their own; those of the settings load with them. The
 * Chinese dictionary has this one's type, so a missing key fails the build.
 */
export const en = {
  number: n,
  language: 'Language',
  listJoin: (items: string[]) => items.join(', '),
  /** Between two sentences. */
  gap: () => ' ',

  user: 'User',
  role: 'Role',
  organization: 'Organization',
  functionalModule: 'Functional module',
  operationType: 'Operation type',
  content: 'Content',
  contentId: 'Content ID',
  operationTime: 'Operation time',
  operationLog: 'Operation log',
  exportsPage: 'Exports',
  settings: 'Settings',
  checkpoint: 'Checkpoint',
  yourSessions: 'Your sessions',
  noSuchPage: 'This page does not exist',
  noSuchPageText: 'It does not exist, or you may not see it.',
  mishap: 'This page broke',
  mishapText: (detail: string) => `The console could not go on: ${detail}`,
  pageMissing: 'This page could not be loaded',
  pageMissingText: 'The server did not answer, or its console has been replaced since.',
  partMissing: 'This part of the page could not be loaded.',
  noAnswer: 'the server does not answer',
  stillNoAnswer: 'The server does not answer yet.',
  reload: 'Load the page again',
  toStart: 'Go to the start',
  unreachable: (detail: string) => `The log cannot be reached: ${detail}`,
  retry: 'Retry',
  choose: 'Choose…',
  paper: {
    print: 'Print',
    printed: 'Printed',
    by: (time: string, name: string) => `${time} by ${name}`,
    filters: 'Filters',
    none: 'None',
    join: '; ',
    period: 'Period',
    first: (rows: number, total: number) =>
      `The first ${n(rows)} of ${plural(total, 'operation', 'operations')}; export for all.`,
    asLoaded: (rows: number, total: number, most: number) =>
      `The first ${n(rows)} of ${plural(total, 'operation', 'operations')}, those loaded so far. To print ${n(most)}, use the page's Print button or Ctrl+P.`,
    entries: (rows: number) => plural(rows, 'entry', 'entries'),
    firstOfMore: (rows: number) => `The newest ${plural(rows, 'entry', 'entries')}; there are more.`,
    moreUnread: (rows: number, most: number) =>
      `The newest ${plural(rows, 'entry', 'entries')}, those loaded so far; there are more. To print up to ${n(most)}, use the page's Print button or Ctrl+P.`,
    failed: (detail: string) => `Not printed: ${detail}`,
  },
  faults: {
    missing: 'This is required.',
    unchosen: 'Choose one.',
    unfinished: 'Choose an organization from the list, or empty the search.',
    short: (least: string) => `At least ${least} characters.`,
    number: (min: string, max: string) => `A whole number from ${min} to ${max}.`,
    form: 'This is not valid.',
    id: 'Letters, digits, . _ - and a letter or digit first.',
    date: 'A date such as 2026-01-31.',
  },
  menu: 'Menu',
  account: 'Account',
  tenant: 'Tenant',
  mainNavigation: 'Main',
  roles: { owner: 'Owner', admin: 'Admin', auditor: 'Auditor', member: 'Member' },

  ...sessionEn,
  ...filtersEn,
  ...timeEn,
  ...listEn,
  ...entryEn,
  ...exportsEn,
}

export type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { [K in keyof T]: Widen<T[K]> }

export type Dictionary = Widen<typeof en>
