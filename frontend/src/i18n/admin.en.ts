import type { Widen } from './en'

/** The words of the settings, apart from the rest because they load with them. The Chinese ones have this type. */
export const adminEn = {
  groups: { tenant: 'This tenant', server: 'Server', you: 'Your account' },
  loading: 'Loading…',
  failed: (detail: string) => `This could not be read: ${detail}`,
  notDone: (detail: string) => `This was not done: ${detail}`,
  cancel: 'Cancel',
  actions: 'Actions',
  copy: 'Copy',
  named: (action: string, name: string) => `${action}: ${name}`,

  accounts: {
    title: 'Accounts',
    text: (tenant: string) => `People who sign in to ${tenant}. A change of role, scope or password signs them out.`,
    add: 'Add account',
    account: 'Account',
    name: 'Name',
    nameHint: 'As it is shown in the access log. Empty: the username.',
    sees: 'Sees',
    everyTenant: 'Every tenant',
    wholeTenant: 'The whole tenant',
    nothing: 'Nothing',
    status: 'Status',
    active: 'Active',
    disabled: 'Disabled',
    lastSignIn: 'Last sign-in',
    never: 'Never',
    change: 'Change',
    changeOf: (username: string) => `Change account ${username}`,
    newPassword: 'New password',
    newPasswordOf: (username: string) => `New password for ${username}`,
    disable: 'Disable',
    disableOf: (username: string) => `Disable account ${username}`,
    disableText: 'Its sessions end at once, and nobody signs in with it until it is enabled again. Its history stays.',
    disableSelf: 'This is your own account: you are signed out at once and cannot sign in again.',
    enable: 'Enable',
    save: 'Save',
    signsOut: 'Whoever is signed in with this account is signed out.',
    passwordHint: 'At least 8 characters. It is shown nowhere afterwards.',
    makePassword: 'Make one',
    roleText: {
      owner: 'Every tenant, and everything on this server.',
      admin: 'Sees and exports the log, and administers the tenant.',
      auditor: 'Sees and exports the log, changes nothing.',
      member: 'Sees nothing, not even that there is a log.',
    },
  },

  keys: {
    title: 'API keys',
    text: 'Programs come with a key of this tenant. A key is shown once, when it is made; afterwards only its first characters.',
    add: 'Create key',
    none: 'There is no key yet. The system that records operations needs one to write.',
    name: 'Name',
    nameHint: 'What uses it, to tell keys apart.',
    scope: 'Scope',
    scopes: { write: 'Write', read: 'Read', launch: 'Launch' },
    scopeText: {
      write: 'Records operations, replaces the organization tree.',
      read: 'Reads and exports the log.',
      launch: 'Signs the links that lead people of the host system here.',
    },
    created: 'Created',
    lastUsed: 'Last used',
    never: 'Never',
    status: 'Status',
    valid: 'Valid',
    revoked: 'Revoked',
    revoke: 'Revoke',
    revokeOf: (name: string) => `Revoke key ${name}`,
    revokeText: (id: string) => `Whatever uses ${id}… is refused from now on. This cannot be taken back.`,
    made: (name: string) => `Key ${name}`,
    madeText: 'Copy the key now: it is not shown again.',
    key: 'Key',
    use: {
      write: 'With it, an operation is recorded like this:',
      read: 'With it, the newest operations are read like this:',
      launch:
        'Sign a token with it (JWT, HS256; claims sub, name, role, jti, and exp at most 5 minutes ahead), and let the link in the host system lead to:',
    },
    ready: { write: 'Ready to run', read: 'Ready to run', launch: 'Address of the link' },
  },

  sessions: {
    title: 'Your sessions',
    text: 'Where you are signed in. A session ends by itself after two hours without use, and after twelve hours at the latest.',
    device: 'Browser',
    from: 'From',
    signedIn: 'Signed in',
    lastUsed: 'Last used',
    ends: 'Ends at the latest',
    this: 'This session',
    unknown: 'Not known',
    everywhere: 'Sign out everywhere',
    everywhereText: (count: number) =>
      count === 1
        ? 'This ends your session, here.'
        : `This ends all ${count} sessions, also this one. You sign in again to go on.`,
  },
}

export type AdminWords = Widen<typeof adminEn>
