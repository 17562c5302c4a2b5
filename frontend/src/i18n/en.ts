import { filtersEn } from './filters.en'
import { listEn } from './list.en'
import { n, plural } from './numbers'
import { timeEn } from './time.en'

/**
 * The texts of the console. Each feature has its own file; those of the settings load with them. The
 * Chinese dictionary has the type of this one, so a missing key fails the build.
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
  outcome: 'Outcome',
  success: 'Success',
  failure: 'Failed',
  operationLog: 'Operation log',
  exportsPage: 'Exports',
  settings: 'Settings',
  checkpoint: 'Checkpoint',
  yourAccount: 'Your account',
  pageError: 'Something went wrong',
  pageErrorText: (detail: string) => `The console failed: ${detail}`,
  pageMissing: 'This page could not be loaded',
  pageMissingText: 'The server did not respond, or the console has been updated.',
  partMissing: 'This part of the page could not be loaded.',
  noAnswer: 'the server is not responding',
  stillNoAnswer: 'The server is still not responding.',
  reload: 'Reload page',
  unreachable: (detail: string) => `The log cannot be reached: ${detail}`,
  retry: 'Retry',
  delete: 'Delete',
  choose: 'Choose…',
  hiddenCharacter: (code: string) => `Invisible character ${code}`,
  printing: {
    print: 'Print',
    printed: 'Printed',
    by: (time: string, name: string) => `${time} by ${name}`,
    filters: 'Filters',
    none: 'None',
    join: '; ',
    period: 'Period',
    first: (rows: number, total: number) =>
      `The first ${n(rows)} of ${plural(total, 'operation', 'operations')}. Export to get all.`,
    asLoaded: (rows: number, total: number, most: number) =>
      `The first ${n(rows)} of ${plural(total, 'operation', 'operations')} (those loaded so far). To print ${n(most)}, use the page's Print button or Ctrl+P.`,
    entries: (rows: number) => plural(rows, 'entry', 'entries'),
    firstOfMore: (rows: number) => `The newest ${plural(rows, 'entry', 'entries')}. There are more.`,
    moreUnread: (rows: number, most: number) =>
      `The newest ${plural(rows, 'entry', 'entries')} (those loaded so far). There are more. To print up to ${n(most)}, use the page's Print button or Ctrl+P.`,
    failed: (detail: string) => `Printing failed: ${detail}`,
  },
  menu: 'Menu',
  account: 'Account',
  username: 'Username',
  password: 'Password',
  changePassword: 'Change password',
  signOut: 'Sign out',
  stillSignedIn: (detail: string) => `You are still signed in: ${detail}`,
  tenant: 'Tenant',
  timeZone: 'Time zone',
  mainNavigation: 'Main',
  roles: { owner: 'Owner', admin: 'Admin', auditor: 'Auditor', member: 'Member' },

  ...filtersEn,
  ...timeEn,
  ...listEn,
}

export type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { [K in keyof T]: Widen<T[K]> }

export type Dictionary = Widen<typeof en>
