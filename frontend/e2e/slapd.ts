import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

interface Ready {
  tls_url: string
  ca_file: string
  bind_dn: string
  bind_password_file: string
  people_dn: string
  groups_dn: string
}

/** Debian's slapd on loopback, with people and groups that change; see identity/ldap/ldaptest. */
export class Slapd {
  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly lines: AsyncIterator<string>,
    private readonly ready: Ready,
  ) {}

  static async start(): Promise<Slapd> {
    const child = spawn('go', ['run', './identity/ldap/ldaptest/slapd'], { cwd: join(import.meta.dirname, '../..') })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const first = await lines.next()
    if (first.done) throw new Error(`slapd did not start: ${errors}`)
    return new Slapd(child, lines, JSON.parse(first.value) as Ready)
  }

  /** Has it do something, such as "leave auditors alice". */
  async tell(line: string): Promise<void> {
    this.child.stdin.write(`${line}\n`)
    const answer = await this.lines.next()
    if (answer.value !== 'ok') throw new Error(`${line}: ${answer.value}`)
  }

  /** The DN of a group. */
  group(name: string): string {
    return `cn=${name},${this.ready.groups_dn}`
  }

  /** The table of the configuration file. */
  config(name: string, title: string): string {
    const { tls_url, ca_file, bind_dn, bind_password_file, people_dn, groups_dn } = this.ready
    return `[[ldap]]
name = "${name}"
title = "${title}"
url = "${tls_url}"
ca_file = "${ca_file}"
bind_dn = "${bind_dn}"
bind_password_file = "${bind_password_file}"
base_dn = "${people_dn}"
user_filter = "(uid={username})"
group_filter = "(member={dn})"
group_base_dn = "${groups_dn}"
`
  }

  async stop(): Promise<void> {
    this.child.stdin.end()
    if (this.child.exitCode === null) await once(this.child, 'exit')
  }
}
