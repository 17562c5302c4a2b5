import type { ApiKey } from '../../model/api/types'

/** A command that uses a key, ready to run; for a launch key the URL for the signed token. */
export function keyExample(scope: ApiKey['scope'], origin: string, tenant: string, key: string): string {
  const root = `${origin}/api/v1/tenants/${encodeURIComponent(tenant)}`
  switch (scope) {
    case 'write':
      return [
        `curl ${root}/entries \\`,
        `  -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\`,
        `  -d '{"user":{"id":"u_1","name":"Ada"},"module":"email","operation":"send","content":{"id":"eml_1","name":"Hello"}}'`,
      ].join('\n')
    case 'read':
      return [`curl '${root}/entries?limit=10' \\`, `  -H 'Authorization: Bearer ${key}'`].join('\n')
    case 'directory':
      return [
        `curl -X PUT ${root}/organizations \\`,
        `  -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\`,
        `  -d '[{"id":"hq","parent_id":null,"name":"Headquarters"}]'`,
      ].join('\n')
    case 'metrics':
      return [`curl ${origin}/metrics \\`, `  -H 'Authorization: Bearer ${key}'`].join('\n')
    case 'backup':
      return [`curl -OJ ${origin}/api/v1/backup \\`, `  -H 'Authorization: Bearer ${key}'`].join('\n')
    case 'launch':
      return `${origin}/launch?tenant=${encodeURIComponent(tenant)}&token=JWT`
  }
}
