import type { Widen } from './en'

/** The texts of the integration page. The Chinese ones have this type. */
export const integrationEn = {
  title: 'Integration',
  text: 'How your system records its operations here. The code is ready to copy and run.',
  key: 'Write key',
  keyText:
    'Programs send entries with a write key. A key is shown only once, so create it here: it is filled into the code.',
  toKeys: 'All API keys',
  keyName: 'Integration',
  makeKey: 'Create write key',
  keyMade: (name: string) =>
    `The key “${name}” is in the code below. It will not be shown again after you leave this page.`,
  keyLabel: 'Write key',
  keyFailed: (detail: string) => `The key could not be created: ${detail}`,
  send: 'Record an operation',
  programs: { curl: 'curl', go: 'Go', javascript: 'JavaScript', java: 'Java' },
  run: {
    curl: 'In a shell',
    go: 'main.go: go run main.go',
    javascript: 'record.mjs: node record.mjs',
    java: 'Record.java: java Record.java',
  },
  retryNote:
    'To retry safely after a failure, send your own id and time with each entry: an entry that arrives twice is stored once.',
  arrivals: 'Incoming operations',
  arrivalsText:
    'Run the code, or send a test entry from here. It is a real entry and stays in the log under your name.',
  sendTest: 'Send a test entry',
  testContent: 'Test entry',
  testKey: 'Test entry, revoked after use',
  testFailed: (detail: string) => `The test entry could not be sent: ${detail}`,
  isTest: 'your test',
  waiting: 'Waiting for the first operation',
  arrived: (count: number) => (count === 1 ? 'Operation received' : `The last ${count} operations`),
  lost: 'Connecting…',
}

export type IntegrationMessages = Widen<typeof integrationEn>
