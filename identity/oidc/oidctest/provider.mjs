// An identity provider for tests: node-oidc-provider on loopback. Once `npm ci` was run in this folder,
//   node provider.mjs '{"redirect_uris": ["http://127.0.0.1:8080/api/v1/session/oidc/sso/callback"]}'
// prints {"issuer", "client_id", "client_secret"} as one line once it listens, and ends when its standard input does. The other settings are in
// `settings` below. Its login form has the fields `login` and `password` and the buttons "Sign in" and "Cancel", its logout page "Sign out".
// While it runs, tests change accounts by calls to the issuer:
//   PUT /test/accounts/NAME {"groups": ["log-readers"], …}   changes an account or makes one; null removes it
//   POST /test/accounts/NAME/revoke                          takes back what was granted: the next refresh is refused
//   POST /test/accounts/NAME/logout                          ends its sessions, and sends a logout token for each to backchannel_logout_uri
import { createServer } from 'node:http'
import { createServer as createTLSServer } from 'node:https'

import Provider from 'oidc-provider'

URL.parse ??= (address) => (URL.canParse(address) ? new URL(address) : null) // Node.js before 22

const settings = {
  port: 0, // any
  tls: null, // {cert, key} in PEM; without it, HTTP
  client_id: 'oplog',
  client_secret: 'a secret of the test, 32 characters', // null for a public client
  auth_method: 'client_secret_basic', // or client_secret_post
  alg: 'RS256', // or ES256, PS256, EdDSA
  redirect_uris: [],
  post_logout_redirect_uris: [],
  backchannel_logout_uri: undefined,
  claims_in_id_token: false, // beside userinfo
  accounts: {
    anna: { password: 'anna’s password', name: 'Anna Fischer', email: 'anna@example.com', email_verified: true, groups: ['log-admins', 'staff'], organization: 'berlin' },
    wei: { password: '王伟的密码', name: '王伟', email: 'wei@example.com', email_verified: true, groups: ['log-readers'], organization: 'shanghai' },
    otto: { password: 'otto’s password', name: 'Otto', groups: [] },
  },
  ...JSON.parse(process.argv[2] ?? '{}'),
}
const accounts = new Map(Object.entries(settings.accounts))
const sessions = [] // of people who signed in, also those that ended

const server = settings.tls ? createTLSServer(settings.tls) : createServer()
await new Promise((listens) => server.listen(settings.port, '127.0.0.1', listens))
const issuer = `${settings.tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`
const provider = new Provider(issuer, {
  clients: [client()],
  jwks: { keys: [await signingKey()] },
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups', 'organization', 'realm_access'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: !settings.claims_in_id_token,
  cookies: { keys: ['of a test'] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource },
  },
  pkce: { required: () => true },
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  findAccount: (_ctx, id) => (accounts.has(id) ? { accountId: id, claims: () => claimsOf(id) } : undefined),
  loadExistingGrant: grantEverything,
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  fetch: (url, options) => { delete options.dispatcher; return fetch(url, options) }, // to loopback, too
  ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, RefreshToken: 86_400, Interaction: 600, Session: 86_400, Grant: 86_400 },
})
provider.on('server_error', (_ctx, err) => console.error(err))
provider.on('backchannel.error', (_ctx, err) => console.error(err))
const serve = provider.callback()
server.on('request', (request, response) => route(request, response).catch((err) => {
  console.error(err)
  response.writeHead(err.statusCode ?? 500).end(String(err))
}))
process.stdout.write(`${JSON.stringify({ issuer, client_id: settings.client_id, client_secret: settings.client_secret })}\n`)
process.stdin.on('end', () => process.exit(0)).resume()

function client() {
  return {
    client_id: settings.client_id,
    ...(settings.client_secret === null
      ? { token_endpoint_auth_method: 'none' }
      : { client_secret: settings.client_secret, token_endpoint_auth_method: settings.auth_method }),
    grant_types: ['authorization_code', 'refresh_token'],
    id_token_signed_response_alg: settings.alg,
    redirect_uris: settings.redirect_uris,
    post_logout_redirect_uris: settings.post_logout_redirect_uris,
    backchannel_logout_uri: settings.backchannel_logout_uri,
    backchannel_logout_session_required: true,
  }
}

async function signingKey() {
  const { webcrypto } = await import('node:crypto')
  const parameters = {
    RS256: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
    PS256: { name: 'RSA-PSS', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    EdDSA: { name: 'Ed25519' },
  }
  const { privateKey } = await webcrypto.subtle.generateKey(parameters[settings.alg], true, ['sign', 'verify'])
  const key = await webcrypto.subtle.exportKey('jwk', privateKey)
  delete key.key_ops
  delete key.ext
  return { ...key, alg: settings.alg, use: 'sig', kid: 'of this run' }
}

function claimsOf(id) {
  const { password, ...claims } = accounts.get(id)
  return { preferred_username: id, ...claims, sub: id }
}

// grantEverything spares people the question what this log may know.
async function grantEverything(ctx) {
  const { client, session, account } = ctx.oidc
  if (!account) return undefined
  const granted = await ctx.oidc.provider.Grant.find(session.grantIdFor(client.clientId) ?? '')
  if (granted?.accountId === account.accountId) return granted
  const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: account.accountId })
  grant.addOIDCScope('openid profile email')
  await grant.save()
  sessions.push(session)
  return grant
}

// sessionsOf returns the sessions that an account has now.
async function sessionsOf(name) {
  const ids = new Set(sessions.filter((s) => s.accountId === name).map((s) => s.uid))
  const found = await Promise.all([...ids].map((uid) => provider.Session.findByUid(uid)))
  return found.filter((s) => s?.accountId === name)
}

async function route(request, response) {
  const [, first, second, third, fourth] = new URL(request.url, issuer).pathname.split('/')
  if (first === 'interaction') return interact(request, response)
  if (first === 'test' && second === 'accounts') return change(request, response, decodeURIComponent(third), fourth)
  return serve(request, response)
}

async function body(request) {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}

async function interact(request, response) {
  await provider.interactionDetails(request, response)
  if (request.method !== 'POST') return page(response, loginForm(''))
  const form = new URLSearchParams(await body(request))
  if (form.has('cancel')) {
    return provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'the person cancelled' })
  }
  const account = accounts.get(form.get('login'))
  if (!account || account.password !== form.get('password')) return page(response, loginForm('The username or the password is wrong.'))
  return provider.interactionFinished(request, response, { login: { accountId: form.get('login') } })
}

// change changes an account while the provider runs.
async function change(request, response, name, act) {
  if (request.method === 'PUT' && act === undefined) {
    const account = JSON.parse(await body(request))
    if (account === null) accounts.delete(name)
    else accounts.set(name, { ...accounts.get(name), ...account })
  } else if (request.method === 'POST' && (act === 'revoke' || act === 'logout')) {
    const client = await provider.Client.find(settings.client_id)
    for (const session of await sessionsOf(name)) {
      const grantId = session.grantIdFor(client.clientId)
      await (await provider.Grant.find(grantId))?.destroy()
      await provider.RefreshToken.revokeByGrantId(grantId)
      await provider.AccessToken.revokeByGrantId(grantId)
      if (act === 'logout') {
        await client.backchannelLogout(name, session.sidFor(client.clientId))
        await session.destroy()
      }
    }
  } else {
    return response.writeHead(404).end()
  }
  return response.writeHead(204).end()
}

function page(response, content) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  response.end(`<!doctype html><html lang="en"><title>Identity provider</title><body><main>${content}</main></body></html>`)
}

function loginForm(problem) {
  return `<h1>Identity provider</h1><p role="alert">${problem}</p><form method="post">
    <label>Username <input name="login" autocomplete="username" autofocus></label>
    <label>Password <input name="password" type="password" autocomplete="current-password"></label>
    <button type="submit">Sign in</button> <button type="submit" name="cancel" value="yes">Cancel</button></form>`
}

async function logoutSource(ctx, form) {
  ctx.body = `<!doctype html><html lang="en"><title>Identity provider</title><body><main><h1>Identity provider</h1>${form}
    <button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button></main></body></html>`
}
