const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven']
const inWords = (count: number) => words[count] ?? String(count)
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** The texts of a log that cannot record. */
export const readOnlyEn = {
  readOnly:
    'The log is read-only: new operations cannot be recorded. Searching and exporting still work. Recording continues by itself once the disk accepts writes; if the server restarts before that, you will have to sign in again.',
  readOnlyReason: 'Settings › System has the reason.',
  quorumLost: (unreachable: number, nodes: number) =>
    unreachable === 0
      ? `The ${inWords(nodes)} nodes have no leader: new operations are not being recorded.`
      : `${capital(inWords(unreachable))} of ${inWords(nodes)} nodes ${unreachable === 1 ? 'is' : 'are'} unreachable: new operations are not being recorded.`,
  asOf: (time: string) => `You see this node's data as of ${time}`,
  age: (ago: string) => ` (${ago}).`,
  asOfUnknown: "You see this node's data, which may be old.",
  senders: 'Senders get 503 and must retry.',
  whatToDo: 'What to do',
  liveOff: 'Live is off: too few nodes reach each other',
  asFarAsKnown: (from: string) => `since ${from}, as far as this node has it`,
  dataUntil: (time: string) => `This node's data ends at ${time}.`,
  exportLater: 'Each export is recorded, so a new one can start once the nodes reach each other again.',
}
