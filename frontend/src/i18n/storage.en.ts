/** The texts about what is stored: the room that is left, and how long the access log is kept. */
export const storageEn = {
  store: 'Store on disk',
  indexBytes: 'Index on disk',
  free: 'Free disk space',
  freeText: (free: string, reserve: string) => `${free}, of which ${reserve} are reserved for recording`,
  reserveOnly: (free: string) =>
    `${free}, reserved for recording: reading, exports and backups are rejected until there is more`,
  accessLog: 'Access log',
  accessText:
    'Who read, exported and administered the log. It is deleted by whole days as the log is, and each deletion stays recorded in it. Legal holds keep its days, too.',
  accessChange: 'Edit access log rule',
  accessTitle: 'Edit the retention of the access log',
  accessHint: (least: number) => `${least} days at least.`,
}
