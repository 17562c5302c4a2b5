import { plural } from './numbers'

/** The texts of scheduled backups on the System page. */
export const backupsEn = {
  backups: 'Backups',
  backUpNow: 'Back up now',
  none: 'No backup has been made.',
  notSetUp:
    'No backups are made on a schedule. Start oplog with --backup-dir and a directory outside this machine, and --backup-every 24h.',
  provedAt: (moment: string) => `Last proved restorable: ${moment}`,
  todayAt: (time: string) => `today ${time}`,
  yesterdayAt: (time: string) => `yesterday ${time}`,
  neverProved: 'No backup has been proved restorable yet.',
  overdue: (moment: string | undefined) =>
    moment === undefined
      ? 'No backup has been proved restorable yet, though one is overdue.'
      : `No backup has been proved restorable since ${moment}, which is longer ago than the schedule allows.`,
  failed: (reason: string) => `The last attempt failed: ${reason}`,
  retriedAt: (moment: string) => `Next attempt: ${moment}.`,
  phases: {
    copy: 'Backup in progress: copying the log',
    write: (percent: number) => `Backup in progress: ${percent}% written`,
    prove: 'Backup in progress: restoring it to prove that it works',
  },
  backup: 'Backup',
  size: 'Size',
  proof: 'Proof',
  encrypted: 'encrypted',
  restored: 'Restored',
  restoredWith: (entries: string) => `${entries} entries verified`,
  notRestored: 'Failed',
  unproved: 'Not proved',
  reliesOn: (entries: number, days: number, first: string, last: string) =>
    `without ${plural(entries, 'archived entry', 'archived entries')} of ${plural(days, 'day', 'days')}, ${first} to ${last}`,
  archiveToo:
    'What is in the archive alone is not in a backup of this server, but is needed with it: back up that database, too.',
  every: {
    days: (count: number) => (count === 1 ? 'Every day' : `Every ${count} days`),
    hours: (count: number) => (count === 1 ? 'Every hour' : `Every ${count} hours`),
    minutes: (count: number) => (count === 1 ? 'Every minute' : `Every ${count} minutes`),
  },
  whenAsked: 'Only when asked; --backup-every 24h makes one every day',
  keptIn: (when: string, count: number, dir: string) =>
    count === 0
      ? `${when}. All are kept in ${dir}.`
      : `${when}. The last ${count === 1 ? 'proved one is' : `${count} proved ones are`} kept in ${dir}.`,
  encryptedTo: (count: number) =>
    count === 1
      ? 'Encrypted to 1 key: what is encrypted is restored while it is written. Only that secret key can restore the file; try it now and then.'
      : `Encrypted to ${count} keys: what is encrypted is restored while it is written. Only their secret keys can restore the file; try it now and then.`,
  nextAt: (moment: string) => `Next: ${moment}.`,
}
