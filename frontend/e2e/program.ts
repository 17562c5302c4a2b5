import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The program under test, built by `make build`. */
export const binary = process.env.OPLOG ?? join(import.meta.dirname, '../../bin/oplog')

/** A port that no system gives to a connection: it is still free when the program is started again. */
const anyPort = () => 10_000 + Math.floor(Math.random() * 20_000)

/** A data directory of its own for a test, and the program that serves it. */
export class Program {
  readonly data = mkdtempSync(join(tmpdir(), 'oplog-e2e-'))
  url = ''
  /** What it printed until it answered. */
  printed = ''
  /** What it said on its error output. */
  errors = ''
  private child: ChildProcessWithoutNullStreams | undefined

  /** Runs an offline command and returns what it prints. */
  run(args: string[], stdin = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(binary, [...args, '--data', this.data], (error, stdout, stderr) => {
        if (error) reject(new Error(`oplog ${args.join(' ')}: ${stderr}`))
        else resolve(stdout.trim())
      })
      child.stdin?.end(stdin)
    })
  }

  /** A key of the tenant acme that replaces its organization tree. */
  directoryKey = ''

  /** Makes the directory key of acme, before the start. */
  async addDirectoryKey(): Promise<void> {
    this.directoryKey = await this.run([
      'key',
      'add',
      '--tenant',
      'acme',
      '--scope',
      'directory',
      '--name',
      'directory',
    ])
  }

  /** Starts serving the tenant acme, which has organizations and an admin with that password; returns a write key of it. */
  async startWithTenant(password: string): Promise<string> {
    await this.run(['tenant', 'add', 'acme', '--name', 'Acme', '--data-permission'])
    await this.run(
      ['account', 'add', 'admin', '--role', 'admin', '--tenant', 'acme', '--password-stdin'],
      `${password}\n`,
    )
    const key = await this.run(['key', 'add', '--tenant', 'acme', '--scope', 'write', '--name', 'test'])
    await this.addDirectoryKey()
    await this.start()
    return key
  }

  /** Starts serving, or another command that serves, on a free port, the same one each time, and waits until it answers. */
  async start(command = ['serve']): Promise<void> {
    for (;;) {
      try {
        return await this.startAt(this.url ? new URL(this.url).host : `127.0.0.1:${anyPort()}`, command)
      } catch (error) {
        if (this.url || !this.errors.includes('--listen')) throw error // else another program has that port
      }
    }
  }

  private async startAt(listen: string, command: string[]): Promise<void> {
    const child = spawn(binary, [...command, '--no-open', '--listen', listen, '--data', this.data])
    this.child = child
    this.errors = ''
    child.stderr.on('data', (chunk) => {
      this.errors += chunk
    })
    this.url = await new Promise((resolve, reject) => {
      this.printed = ''
      child.stdout.on('data', (chunk) => {
        this.printed += chunk
        const line = /listening on (http:\S+)/.exec(this.printed)
        if (line?.[1]) resolve(line[1])
      })
      child.once('close', (code) => reject(new Error(`oplog serve ended with ${code}: ${this.errors}`)))
    })
  }

  /** Asks the program to stop, and returns its exit status. */
  stop(): Promise<number | null> {
    const child = this.child
    this.child = undefined
    if (!child || child.exitCode !== null) return Promise.resolve(child?.exitCode ?? null)
    return new Promise((resolve) => {
      child.once('exit', (code) => resolve(code))
      child.kill('SIGTERM')
    })
  }

  async dispose(): Promise<void> {
    await this.stop()
    rmSync(this.data, { recursive: true, force: true })
  }

  /** Calls the API with a key, and returns its JSON. */
  async call<T>(key: string, path: string, init: RequestInit = {}): Promise<T> {
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
    const response = await fetch(`${this.url}/api/v1${path}`, { ...init, headers })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
}
