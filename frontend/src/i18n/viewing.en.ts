/** The texts of seeing the log as another person, and of confirming who one is. */
export const viewingEn = {
  viewingLabel: 'View of another person',
  viewing: (name: string, role: string, scope: string) => `You are viewing the log as ${name} (${role}, ${scope}).`,
  readOnly: 'Nothing can be changed or exported.',
  ended: (name: string) =>
    `Viewing as ${name} has ended, because the account changed. Stop viewing to go on as yourself.`,
  stop: 'Stop viewing',
  nothing: 'sees nothing',
  notStopped: (detail: string) => `Viewing goes on: ${detail}`,

  confirmTitle: 'Confirm that it is you',
  confirmText: 'This cannot be undone. Confirming is good for five minutes.',
  confirm: 'Confirm',
  passwordOf: (source: string) => `Your password of ${source}`,
  atProvider: (source: string) =>
    `${source} keeps your password. Sign in there again; you come back to this page and repeat what you were about to do.`,
  goToProvider: (source: string) => `Go to ${source}`,
  other: 'Another way:',
  ways: {
    password: 'your password',
    provider: 'sign in again',
    totp: 'a code of the app',
    passkey: 'a passkey',
    recovery_code: 'a recovery code',
  },
  outcomes: {
    done: 'Confirmed. You have five minutes to repeat what you were about to do.',
    'other-person': 'Not confirmed: somebody else signed in there.',
    denied: 'Not confirmed: the sign-in there was cancelled.',
    unavailable: 'Not confirmed: the identity provider does not answer.',
    failed: 'Not confirmed: the sign-in there failed.',
  },
}
