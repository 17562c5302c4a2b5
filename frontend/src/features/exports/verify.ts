import { tenantPath } from '../../model/api/http'

export function manifestPath(tenant: string, id: string): string {
  return tenantPath(tenant, `exports/${encodeURIComponent(id)}/manifest`)
}

/** What the ZIP with a file and its manifest is called. */
export function bundleName(file: string): string {
  return `${file.replace(/\.[^.]*$/, '')}.zip`
}

/** The command that checks a file against the manifest beside it, or in the same ZIP. */
export function verifyCommand(file: string, key: string): string {
  return `oplog verify-export ${quoted(file)} --key ${quoted(key)}`
}

/** Quoted for a shell, where that takes it. */
function quoted(text: string): string {
  return /^[\w./+=:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
