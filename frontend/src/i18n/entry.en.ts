import { n, plural } from './numbers'

export const entryEn = {
  entryId: 'Entry ID',
  copyEntryId: 'Copy entry ID',
  recordedBy: 'Recorded by',
  entry: 'Entry',
  previousEntry: 'Previous entry (k)',
  nextEntry: 'Next entry (j)',
  copyEntryLink: 'Copy link to this entry',
  closeEntry: 'Close (Esc)',
  position: (index: number, total: number) => `${n(index)} of ${n(total)}`,
  noContent: 'No content',
  todayUnder: (name: string) => `today under ${name}`,
  todayArchived: 'archived today',
  received: 'Received',
  later: (seconds: string) => `${seconds} s later`,
  minutesLater: (count: number) => `${n(count)} min later`,
  hoursLater: (count: number) => `${n(count)} h later`,
  daysLater: (count: number) => (count === 1 ? '1 day later' : `${n(count)} days later`),
  source: 'Source',
  changes: (count: number) => `Changes (${n(count)})`,
  field: 'Field',
  before: 'Before',
  after: 'After',
  showAllLines: (count: number) => `Show all ${n(count)} lines`,
  details: 'Details',
  historyTitle: 'History of this content',
  historyFailed: (detail: string) => `It could not be read: ${detail}`,
  olderArchived: 'Older ones are in the archive, which does not answer.',
  history: (count: string) => `History of this content (${count})`,
  thisEntry: 'this entry',
  showInLog: 'Show in log',
  sameUser: 'Same user',
  sameUserFailed: (detail: string) => `The operations of this period could not be counted: ${detail}`,
  sameUserCount: (count: number, name: string) =>
    `${plural(count, 'operation', 'operations')} by ${name} in this period`,
  noSuchEntry: 'This entry does not exist, or you may not see it.',
  noEntryOfIdWithSeq: (id: string, seq: number) =>
    `There is no entry ${id} with seq ${seq}, or you may not see it. Seq ${seq} may belong to another entry.`,
  noEntryWithSeq: (seq: number) => `There is no entry with seq ${seq}, or you may not see it.`,
  noSeq: 'The seq of this link is not a whole number of 1 or more, so no entry has it.',
  deletedEntry: (date: string) => `Deleted on ${date} under the retention rule.`,
  entryFailed: (detail: string) => `The entry could not be read: ${detail}`,
  proven: 'Proven unchanged',
  provenSince: (time: string) => `since it was received at ${time}.`,
  provenLate: (time: string, delay: { unit: 'minutes' | 'hours' | 'days'; count: number }) => {
    const { unit, count } = delay
    const duration = { minutes: `${n(count)} min`, hours: `${n(count)} h`, days: plural(count, 'day', 'days') }[unit]
    return `since it was received at ${time}, ${duration} after the operation time.`
  },
  provenText: (seq: number, size: number) =>
    `Entry ${n(seq)} is in the checkpoint of ${plural(size, 'entry', 'entries')}.`,
  witnessed: (name: string, time: string) => `Witnessed by ${name} at ${time}.`,
  witnessRefuses: (name: string, since?: string) =>
    since
      ? `The witness ${name} has refused to confirm this log since ${since}.`
      : `The witness ${name} refuses to confirm this log.`,
  witnessRefusesText:
    'Entries may have been removed or changed. Inform your auditors, and let oplog verify compare the log with its anchors.',
  witnessSilent: (name: string, since?: string) =>
    since ? `The witness ${name} has not answered since ${since}.` : `The witness ${name} does not answer.`,
  waiting: 'Waiting for the next checkpoint',
  mismatch: 'Does not match the checkpoint.',
  notChecked: (reason: string) => `Not checked: ${reason}`,
  checking: 'Checking…',
  copyProof: 'Copy proof',
  copyDetails: 'Copy details',
  trustKey: 'Trust this key from now on',
  reasons: {
    insecure: 'this browser provides the required functions only over HTTPS or on localhost.',
    noProof: 'the server sent no proof.',
    unreadable: 'the recorded bytes could not be read.',
    path: 'the recorded bytes do not match the signed tree head.',
    differs: 'the recorded bytes differ from the entry shown.',
    signature: 'the checkpoint is not signed by this server.',
    origin: 'the checkpoint belongs to another log.',
    key: 'the key of this server could not be read.',
    keyChanged:
      'it is signed by another key than this browser has seen before, and the old key did not sign the new one. Compare the key under Settings with the one from someone you trust.',
    keyReplaced:
      'the log has a new key because the old one was lost, so this browser cannot follow to it. Compare the key under Settings with the one from someone you trust.',
    rewritten:
      'the log does not continue what this browser has seen of it: entries were removed or changed, or an old backup was restored. Tell an auditor, and compare the log with checkpoints kept elsewhere.',
    growth: 'the server did not prove that the log has only grown since your last visit.',
    unsupported: 'this browser cannot verify the signature of the checkpoint.',
  },
}
