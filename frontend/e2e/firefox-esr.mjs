#!/usr/bin/env node
// Firefox ESR for Playwright, which expects the newest Firefox: passes WebDriver BiDi on, and lets emulations that this Firefox does not know
// count as done. The specs that run in it depend on none.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import WebSocket, { WebSocketServer } from 'ws'

const firefox = spawn(process.env.FIREFOX ?? '/usr/bin/firefox-esr', process.argv.slice(2), {
  stdio: ['ignore', 'inherit', 'pipe'],
})
firefox.once('error', ({ message }) => {
  console.error(message)
  process.exit(1)
})
firefox.once('exit', (status) => process.exit(status ?? 1))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => firefox.kill(signal))

createInterface({ input: firefox.stderr }).on('line', (line) => {
  const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1]
  if (address) listen(address)
  else console.error(line)
})

/** Listens on a port of its own, in place of the browser's address, and says so as the browser does. */
function listen(address) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.once('listening', () => console.error(`WebDriver BiDi listening on ws://127.0.0.1:${server.address().port}`))
  server.on('connection', (client, { url }) => {
    const browser = new WebSocket(address + url, { maxPayload: 0 })
    const early = []
    browser.on('open', () => {
      for (const message of early) browser.send(message)
    })
    const emulations = new Set()
    client.on('message', (data) => {
      const message = data.toString()
      const { id, method } = JSON.parse(message)
      if (method.startsWith('emulation.')) emulations.add(id)
      if (browser.readyState === WebSocket.OPEN) browser.send(message)
      else early.push(message)
    })
    browser.on('message', (data) => {
      const message = data.toString()
      const { id, error } = JSON.parse(message)
      const isUnknown = emulations.delete(id) && error === 'unknown command'
      client.send(isUnknown ? JSON.stringify({ type: 'success', id, result: {} }) : message)
    })
    browser.on('error', () => client.close())
    browser.on('close', () => client.close())
    client.on('close', () => browser.close())
  })
}
