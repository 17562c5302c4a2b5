import { plural } from './numbers'

export const factorEn = {
  secondFactor: 'Second factor',
  signIn: 'Sign in',
  signInFailed: (detail: string) => `Sign-in failed: ${detail}`,
  startAgain: 'Start again',

  enterCode: 'Enter the 6 digits that your authenticator app shows for oplog.',
  code: 'Code',
  codeName: 'Code, 6 digits',
  codeHint: 'Submits after the last digit.',
  codeShape: 'Enter all 6 digits.',
  wrongCode: (left: number) =>
    left === 0
      ? 'Wrong code, or used before. No attempts left: try again in a few minutes.'
      : `Wrong code, or used before. ${plural(left, 'attempt', 'attempts')} left.`,
  useApp: 'Use the app instead',

  passkeyText: 'Confirm with your passkey: a fingerprint, face, PIN or security key.',
  usePasskey: 'Use a passkey',
  usePasskeyInstead: 'Use a passkey instead',
  wrongPasskey: (left: number) =>
    left === 0
      ? 'The passkey was not accepted. No attempts left: try again in a few minutes.'
      : `The passkey was not accepted. ${plural(left, 'attempt', 'attempts')} left.`,
  passkeyFaults: {
    unsupported: 'This browser has no passkeys. Use another one.',
    notMade: 'The request was cancelled or took too long. No passkey was created.',
    notUsed: 'The request was cancelled or took too long, or this device has no passkey of yours.',
    exists: 'This device already has a passkey for your account.',
    noDevice: 'No device here can hold this passkey. Use another device or a security key.',
    address: 'The browser allows no passkeys at this address. Its certificate must be trusted.',
    stopped: 'Cancelled.',
    failed: 'The browser or the device reported an error. Try again.',
  },

  recoveryCode: 'Recovery code',
  recoveryCodes: 'Recovery codes',
  recoveryText: 'One of the ten codes that you saved. Each works once.',
  recoveryHint: 'None left? An admin can remove your second factor.',
  useRecovery: 'Use a recovery code',
  passkeysElsewhere: 'Your passkeys work only at the address where you added them.',
  recoveryHere: 'Your passkeys work only at the address where you added them. Here, a recovery code signs you in.',
  noWayHere: 'There is no other way to sign in here. An admin can remove your second factor.',

  setUp: 'Set up',
  mustSetUp:
    'Your account needs one besides the password: an authenticator app on your phone, such as Microsoft Authenticator.',
  mustSetUpEither:
    'Your account needs one besides the password: an authenticator app on your phone, such as Microsoft Authenticator, or a passkey.',
  setUpApp: 'Set up an authenticator app',
  scan: 'Scan this with the app, or enter the key.',
  scanOr: 'Scan with your app, or enter',
  qr: 'QR code for the authenticator app',
  key: 'Key',
  copyKey: 'Copy key',
  enterDigits: 'Enter the 6 digits it shows',
  stepCodes: 'Save the ten recovery codes: they sign you in without the phone.',
  turnOn: 'Turn on',
  notTurnedOn: (detail: string) => `The second factor was not turned on: ${detail}`,

  codesText: 'Each signs you in once in place of your second factor. They are not shown again.',
  copyCodes: 'Copy',
  saveCodes: 'Save as file',
  printCodes: 'Print',
  codesFile: 'oplog-recovery-codes.txt',
  codesOf: (username: string, host: string) => `Recovery codes of ${username} for oplog at ${host}`,
  continue: 'Continue',
  notSaved: 'You have not copied, saved or printed the codes. If you lose your device, only an admin can help you.',
  leaveAnyway: 'Leave without saving',

  accountText: (name: string, role: string) => `${name}, ${role}`,
  passwordText: 'When you change it, your other sessions end.',
  passwordOfSource: (source: string) => `${source} keeps your password. Change it there.`,
  accountLaunched: (name: string) => `${name}, signed in by the host system.`,
  on: 'On',
  off: 'Off',
  offText: 'A code from your phone besides the password, so that a stolen password alone does not sign in.',
  offTextEither:
    'A code from your phone or a passkey besides the password, so that a stolen password alone does not sign in.',
  requiredText: 'Required for your account: the last one cannot be removed.',
  requiredOff: 'Required for your account from the next sign-in on.',
  app: 'Authenticator app',
  appOn: 'Shows a code to enter at sign-in.',
  replace: 'Replace',
  codesLeft: (left: number) => `${left} of 10 left.`,
  newCodes: 'New codes',
  turnedOn: 'Second factor turned on.',
  replaced: 'Authenticator app replaced.',
  removed: 'Authenticator app removed.',
  appAdded: 'Authenticator app added.',
  actionOn: (action: string, what: string) => `${action}: ${what}`,

  addPasskey: 'Add a passkey',
  addPasskeyText:
    'A passkey confirms your sign-in with the fingerprint, face or PIN of a device, or with a security key.',
  passkeyUnused: (added: string) => `Passkey, added ${added}, not used yet.`,
  passkeyUsed: (added: string, used: string) => `Passkey, added ${added}, last used ${used}.`,
  passkeyAt: (host: string) => `Works only at ${host}.`,
  passkeysImpossible: 'For passkeys, open the console over HTTPS with a host name.',
  passkeyAdded: 'Passkey added.',
  passkeyRemoved: 'Passkey removed.',
  namePasskey: 'Your browser asks where to keep it: on this device, on a phone or on a security key.',
  passkeyName: 'Name of the passkey',
  passkeyNameHint: 'To tell it from others.',
  createPasskey: 'Create passkey',

  removeTitle: 'Remove the authenticator app',
  removeText:
    'From then on, your password alone signs in. The recovery codes stop working, and your other sessions end.',
  removeAppText: 'Your passkeys and recovery codes go on working.',
  removePasskeyTitle: 'Remove the passkey',
  removePasskeyText: (name: string) =>
    `${name} no longer signs in here. Delete it on its device, too, so that the browser does not offer it.`,
  removeLastPasskeyText: (name: string) =>
    `Without ${name}, your password alone signs in. The recovery codes stop working, and your other sessions end.`,
  replaceTitle: 'Replace the authenticator app',
  replaceText: 'The app that you have now works until the new one is confirmed.',
  newCodesTitle: 'New recovery codes',
  newCodesText: 'The codes that you have now stop working.',
  setUpText: 'You need an authenticator app on your phone, such as Microsoft Authenticator.',
  next: 'Next',
  yourPassword: 'Your password',
  wrongPassword: 'This is not your password.',
  confirmYou: 'To confirm that it is you.',
  usePassword: 'Use your password instead',
  useCode: 'Use a code instead',
}
