import { n } from './numbers'

/** The texts of the panels with values to choose. */
export const choicesEn = {
  clear: 'Clear',
  allOfThese: 'All of these',
  excludeThis: (title: string) => `Exclude: ${title}`,
  moreUsers: (count: number) => `${n(count)} more. Type the start of a name or ID to find them.`,
  moreValues: (count: number) => `${n(count)} more. Type one in full to choose it.`,
  countsAway: 'The counts of this period are in the archive, which cannot be read for now.',
  findOperationType: 'Find operation type',
  groups: { destructive: 'Destructive', outward: 'Outward', create: 'Create', change: 'Change' },
  findUser: 'Find user',
  findModule: 'Find functional module',
  findRole: 'Find role',
  exclude: 'Exclude',
  keysOfEntries: 'Open an entry to see the key that recorded it. Names of keys are visible to admins only.',
  ipHint: 'An address, or a network such as 10.0.0.0/8',
  notAnAddress: 'Enter an address such as 192.0.2.7 or 2001:db8::7, or a network such as 192.0.2.0/24.',
  addFilter: 'Filter',
}
