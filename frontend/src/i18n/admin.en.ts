import type { Widen } from './en'

/** The words of the settings, apart from the rest because they load with them. The Chinese ones have this type. */
export const adminEn = {
  groups: { tenant: 'This tenant', server: 'Server', you: 'Your account' },
  loading: 'Loading…',
  failed: (detail: string) => `This could not be read: ${detail}`,
  notDone: (detail: string) => `This was not done: ${detail}`,
  cancel: 'Cancel',
  named: (action: string, name: string) => `${action}: ${name}`,

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
