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
  lag: 'Lag',
  verified: 'Last compared',
  after: (count: number) => `archived after ${days(count)}`,
  never: 'archives no more days',
  uncounted: 'Unknown',
  span: (count: number, first: string, last: string) => `${days(count)}, ${first} to ${last}`,
  ofDays: (count: number) => days(count),
  fromTo: (first: string, last: string) => `${first} to ${last} (UTC)`,
  ofEntries: (count: number) => plural(count, 'entry', 'entries'),
  entriesThere: (all: number, only: number) =>
    only === 0 ? 'all of them also here' : only === all ? 'all of them only there' : `${n(only)} of them only there`,
  onlyThere: 'Only there',
  shareOf: (percent: string) => `${percent}%`,
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
  rule: 'Archive rule',
  ruleText:
    'Older days can move to the archive, a database outside this server. They can still be searched, proved and exported, and retention deletes them there.',
  ruleNever: 'Never',
  ruleAfter: (count: number) => `After ${days(count)}`,
  archived: 'Archived',
  ruleChange: 'Edit archive rule',
  ruleTitle: 'Edit archive rule',
  neverText: 'Entries stay on this server. Those in the archive stay there.',
  afterChoice: 'By age',
  afterText: (zone: string) => `In whole days before today, ${zone}. Archived days accept no more entries.`,
  daysLabel: 'Days',
  daysHint: (least: number) => `At least ${n(least)}; more than the longest delay of your senders.`,
}
