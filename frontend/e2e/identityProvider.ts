import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const folder = join(import.meta.dirname, '../../identity/oidc/oidctest')

/** node-oidc-provider on loopback; see identity/oidc/oidctest/provider.mjs. */
export class IdentityProvider {
  private readonly files = mkdtempSync(join(tmpdir(), 'oplog-oidc-'))

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    readonly issuer: string,
    private readonly secret: string,
  ) {}

  /** Starts it for a log at a URL. */
  static async start(log: string, source: string): Promise<IdentityProvider> {
    if (!existsSync(join(folder, 'node_modules'))) execFileSync('npm', ['ci', '--silent'], { cwd: folder })
    const ours = `${log}/api/v1/session/oidc/${source}`
    const settings = {
      redirect_uris: [`${ours}/callback`],
      post_logout_redirect_uris: [`${log}/sign-in`],
      backchannel_logout_uri: `${ours}/logout`,
    }
    const child = spawn('node', ['provider.mjs', JSON.stringify(settings)], { cwd: folder })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    const first = await createInterface(child.stdout)[Symbol.asyncIterator]().next()
    if (first.done) throw new Error(`the provider did not start: ${errors}`)
    const said = JSON.parse(first.value) as { issuer: string; client_secret: string }
    return new IdentityProvider(child, said.issuer, said.client_secret)
  }

  /** The table of the configuration file. */
  config(name: string, title: string): string {
    const secret = join(this.files, 'secret')
    writeFileSync(secret, this.secret, { mode: 0o600 })
    const icon = join(this.files, 'icon.svg')
    writeFileSync(icon, '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>')
    return `[[oidc]]
name = "${name}"
title = "${title}"
icon_file = "${icon}"
issuer = "${this.issuer}"
client_id = "oplog"
client_secret_file = "${secret}"
`
  }

  /** Changes an account, or removes it with null. */
  async change(name: string, account: Record<string, unknown> | null): Promise<void> {
    await this.ask('PUT', name, JSON.stringify(account))
  }

  /** Signs somebody out there, of which it tells the log. */
  async signOut(name: string): Promise<void> {
    await this.ask('POST', `${name}/logout`)
  }

  private async ask(method: string, path: string, body?: string): Promise<void> {
    const answer = await fetch(`${this.issuer}/test/accounts/${path}`, { method, ...(body !== undefined && { body }) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }

  async stop(): Promise<void> {
    this.child.stdin.end()
    if (this.child.exitCode === null) await once(this.child, 'exit')
    rmSync(this.files, { recursive: true, force: true })
  }
}
