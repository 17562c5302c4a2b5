import { useCallback, useEffect, useMemo } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import type { Entry } from '../../model/api/types'
import { type EntryName, entryAddress, entryName, isNamed, readName } from '../../model/log/entryAddress'
import { useEntry } from '../../model/log/queries'

interface OpenEntry {
  /** As named in the URL; undefined if none is open. */
  name: EntryName | undefined
  /** The entry itself, once known. */
  seq: number | undefined
  open: (entry: Entry | undefined, how?: { replace: boolean }) => void
}

/** The entry named in the log's URL, which is the only place where it is stored. */
export function useOpenEntry(tenant: string, entries: Entry[], query: string): OpenEntry {
  const { entry: id } = useParams()
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const name = useMemo(() => readName(id, search), [id, search])
  const { data } = useEntry(tenant, name)

  const open = useCallback(
    (entry: Entry | undefined, how?: { replace: boolean }) => {
      const log = { pathname: `/t/${encodeURIComponent(tenant)}/log`, search: query }
      navigate(entry ? entryAddress(tenant, entryName(entry), query) : log, { replace: how?.replace ?? false })
    },
    [navigate, tenant, query],
  )

  // A URL that could later mean another entry is completed, so that it can be copied.
  useEffect(() => {
    const own = data && entryName(data)
    if (own && name && (own.id !== name.id || own.seq !== name.seq)) open(data, { replace: true })
  }, [data, name, open])

  const seq = name && (name.seq ?? data?.seq ?? entries.find((entry) => isNamed(entry, name))?.seq)
  return { name, seq, open }
}
