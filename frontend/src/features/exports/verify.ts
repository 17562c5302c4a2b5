import { tenantPath } from '../../model/api/http'

export function manifestPath(tenant: string, id: string): string {
  return tenantPath(tenant, `exports/${encodeURIComponent(id)}/manifest`)
}

/** The name of the ZIP with a file and its manifest. */
export function bundleName(file: string): string {
  return `${file.replace(/\.[^.]*$/, '')}.zip`
}

/** The command that checks a file against the manifest next to it or in the same ZIP. */
export function verifyCommand(file: string, key: string): string {
  return `oplog verify-export ${quoted(file)} --key ${quoted(key)}`
}

/** Quoted for a shell if necessary. */
function quoted(text: string): string {
  return /^[\w./+=:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
