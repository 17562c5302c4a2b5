/** The texts of deletions under retention rules; they load with the settings. */
export const deletionsEn = {
  deletions: 'Deletions',
  deletionsText:
    'Each deletion is also recorded in the access log. Without that record, verification reports the missing entries as removed.',
  when: 'When',
  dates: 'Days with entries',
  entries: 'Entries',
  rule: 'Rule',
  running: 'In progress',
  nothing: 'Nothing has been deleted.',
  waits: 'Deletion waits for an owner',
  waitsClock: (clock: string, known: string) =>
    `The server's clock says ${clock}. By the newest receipts and starts of this log it should be about ${known}. Expired entries are not deleted until the clock is right or an owner confirms it.`,
  waitsAmount: (entries: string, dates: string, lastEntries: string, lastDates: string) =>
    `The last deletion removed ${lastEntries} entries from ${lastDates} days; the next one would remove ${entries} entries from ${dates} days. They are kept until an owner agrees.`,
  wouldGo: (what: string, entries: string, dates: string) => `${what}: ${entries} entries from ${dates} days`,
  ofLog: 'Log',
  ofAccess: 'Access log',
  ofInstallation: "The installation's access log",
  agreeClock: 'Confirm clock',
  agreeClockText: (clock: string) =>
    `Confirm that it is now about ${clock}. What the rules of all tenants have expired by then is deleted at once. This cannot be undone.`,
  agreeAmount: 'Delete these entries',
  agreeAmountText: (entries: string, dates: string) =>
    `${entries} entries from ${dates} days are deleted at once. This cannot be undone.`,
}
