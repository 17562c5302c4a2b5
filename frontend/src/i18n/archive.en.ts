import { n, plural } from './numbers'

const days = (count: number) => plural(count, 'day', 'days')

/** The texts of archived days: on the System page, and beside the retention rule. */
export const archiveEn = {
  archive: 'Archive',
  nothing: 'Nothing is archived; all history is on this server.',
  asking: 'Asking the servers of the archive…',
  askFailed: (detail: string) => `The state of the archive could not be read: ${detail}`,
  tenant: 'Tenant',
  here: 'Here',
  there: 'In the archive',
  share: 'Share',
  lag: 'Lag',
  verified: 'Compared',
  after: (count: number) => `archived after ${days(count)}`,
  never: 'archives no further days',
  uncounted: 'Unknown',
  span: (count: number, first: string, last: string) => `${days(count)}, ${first} to ${last}`,
  entriesThere: (all: number, only: number) => `${plural(all, 'entry', 'entries')}, ${n(only)} of them only there`,
  onlyThere: (count: number) => `${n(count)} of them only there`,
  shareOf: (percent: string) => `${percent} % of the entries are only in the archive`,
  noLag: 'None',
  behind: (count: number) => days(count),
  due: (count: number) => `${days(count)} to archive`,
  shipping: (date: string) => `sending ${date}`,
  failed: (detail: string, time: string) => `Failed at ${time}: ${detail}`,
  notYet: 'Not yet',
  servers: 'Servers of the archive',
  server: 'Server',
  shard: 'Shard',
  entries: 'Entries',
  state: 'State',
  answers: 'Answers',
  unreachable: 'Cannot be used',
  lacks: (count: number) => `Lacks ${days(count)}`,
  knows: (count: number) => `${plural(count, 'shipment', 'shipments')} of unknown origin`,
  more: (names: string, count: number) => `${names} and ${n(count)} more`,
  away: (shards: string) =>
    `No server of shard ${shards} can be used: the entries there cannot be read until one can. Recording goes on.`,
  notConfigured:
    'Days are in the archive, but this server runs without it, so their entries cannot be read. Start it with --archive, as before.',
  awayHere:
    'The archive does not answer: the entries that are only there cannot be read until it does. Recording goes on.',
  rule: 'To the archive',
  ruleText:
    'Old days can move to the archive, a database beside this server. They are still found, proved and exported, and retention deletes them there.',
  ruleNever: 'Never',
  ruleAfter: (count: number) => `After ${days(count)}`,
  archived: 'Archived',
  ruleChange: 'Edit archive rule',
  ruleTitle: 'Edit when days go to the archive',
  neverText: 'Days stay on this server. What is in the archive stays there.',
  afterChoice: 'After a number of days',
  afterText: (zone: string) => `Whole days before today (${zone}). Entries of these days are then no longer accepted.`,
  daysLabel: 'Days',
  daysHint: (least: number) => `${n(least)} at least.`,
}
