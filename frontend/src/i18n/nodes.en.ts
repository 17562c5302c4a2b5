const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven']
const inWords = (count: number) => words[count] ?? String(count)

/** The texts of the nodes on the System page. */
export const nodesEn = {
  nodes: 'Nodes',
  node: 'Node',
  role: 'Role',
  lag: 'Lag',
  lastContact: 'Last contact',
  disk: 'Disk',
  version: 'Version',
  level: (level: number) => `level ${level}`,
  levelNow: (level: number) => `Messages between nodes have level ${level}.`,
  levelWaits: (level: number, nodes: string) =>
    `Level ${level} waits for ${nodes}: upgrade oplog there, or start what is down.`,
  leader: 'Leader',
  follower: 'Follower',
  joining: 'Joining',
  unreachable: 'Unreachable',
  noLag: 'None',
  messages: (count: number) => `${count.toLocaleString('en-US')} ${count === 1 ? 'message' : 'messages'}`,
  milliseconds: (count: number) => `${count} ms`,
  seconds: (count: number) => `${count} s`,
  minutes: (count: number) => `${count} min`,
  catchingUp: (time: string) => `catching up, ${time}`,
  thisNode: 'this node',
  ago: (seconds: string) => `${seconds} s ago`,
  unknown: 'Unknown',
  diskOf: (used: string, size: string) => `${used} of ${size}`,
  keepsRunning: (needed: number, voters: number) =>
    `The log keeps running with any ${inWords(needed)} of the ${inWords(voters)}.`,
  needsAll: (voters: number) =>
    voters === 1
      ? 'With one node, the log stops when it does. Add two more.'
      : 'With two nodes, the log stops when either of them does. Add a third.',
  leaderSince: (time: string) => `Leader since ${time}.`,
  noQuorum:
    'Too few nodes reach each other, so nothing is recorded. Start the nodes that are down, or repair the network between them. If a machine is gone for good, the manual says how to replace it.',
  failure: (reason: string) => `This node does not take part: ${reason}`,
  diverged: "This node has stopped, because its log is not the others'. It fetches a copy from them.",
  transfer: 'Transfer',
  transferFailed: (reason: string) => `The leader was not changed: ${reason}`,
  add: 'Add a node',
  addFailed: (reason: string) => `No token could be made: ${reason}`,
  addText: (time: string) =>
    `On the new machine, with its own address in place of NEW-HOST. The token is good once, until ${time}; with it, the machine gets a copy of the whole log.`,
  join: 'Join',
  start: 'Start',
  done: 'Done',
  remove: 'Remove',
  removeTitle: (node: string) => `Remove node ${node}`,
  twoLeft: 'With two nodes left, the log stops when either of them does.',
  removeText: (node: string) =>
    `Node ${node} keeps its files but can never join again with them. Add a new node first to stay at the same number.`,
  typeName: (node: string) => `Type the node's name: ${node}`,
  wrongName: 'Type the name exactly as shown.',
  password: 'Your password',
  wrongPassword: 'The password is wrong.',
  required: 'Required because this cannot be undone.',
}
