import type { Widen } from './en'

/** The words of the integration page. The Chinese ones have this type. */
export const integrationEn = {
  title: 'Integration',
  text: 'How your system records its operations here. What you copy is ready to run.',
  key: 'Write key',
  keyText:
    'A program sends with a write key. The key is shown once, so it is made here and goes straight into the code.',
  toKeys: 'All API keys',
  keyName: 'Integration',
  makeKey: 'Make a write key',
  keyMade: (name: string) =>
    `The key “${name}” stands in the code below. It is not shown again after you leave this page.`,
  keyLabel: 'Write key',
  keyFailed: (detail: string) => `The key was not made: ${detail}`,
  send: 'Record an operation',
  programs: { curl: 'curl', go: 'Go', javascript: 'JavaScript', java: 'Java' },
  run: {
    curl: 'In a shell',
    go: 'main.go: go run main.go',
    javascript: 'record.mjs: node record.mjs',
    java: 'Record.java: java Record.java',
  },
  retryNote:
    'To send again safely after a failure, give the entry an id and a time of your own: what arrives twice is stored once.',
  arrivals: 'Arriving now',
  arrivalsText:
    'Run the code, or send a test entry from here. It is a real entry: it stays in the log under your name.',
  sendTest: 'Send a test entry',
  testContent: 'Test entry',
  testKey: 'Test entry, revoked after use',
  testFailed: (detail: string) => `The test entry was not sent: ${detail}`,
  isTest: 'your test',
  waiting: 'Waiting for the first operation',
  arrived: (count: number) => (count === 1 ? 'The operation has arrived' : `The last ${count} operations`),
  lost: 'Connecting…',
}

export type IntegrationWords = Widen<typeof integrationEn>
