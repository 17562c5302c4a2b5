/** The texts of the banner of a log that is read-only. */
export const readOnlyEn = {
  readOnly:
    'The log is read-only: new operations cannot be recorded. Searching and exporting still work. Recording continues by itself once the disk accepts writes; if the server restarts before that, you will have to sign in again.',
  readOnlyReason: 'Settings › System has the reason.',
}
