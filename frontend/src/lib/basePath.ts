/** The path before all of the program's URLs, such as "/oplog"; "" if it has a host to itself. The server writes it into the page. */
export const basePath =
  typeof document === 'undefined'
    ? ''
    : (document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '')

/** The URL of one of the program's paths, which start with "/". */
export function urlOf(path: string) {
  return basePath + path
}

/** The path of the page within the program. */
export function pathWithin(pathname: string) {
  return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : pathname
}
