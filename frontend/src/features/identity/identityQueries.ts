import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { call } from '../../model/api/http'
import { queryKeys } from '../../model/api/queryKeys'
import type { Identity, IdentityPreviews } from '../../model/api/types'

const queryKey = [...queryKeys.system, 'identity']
const path = '/api/v1/identity'

/** How often the sources are asked whether they answer, in ms. */
const refetchInterval = 60_000

/** The sources with their state, the rules, and who was turned away. */
export function useIdentity() {
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => call<Identity>(path, { signal }),
    staleTime: 0,
    refetchInterval,
  })
}

/** What the sources say of somebody, and what the rules would give; it is asked at each `time`. */
export function usePreview({ username, time }: { username: string; time: number }) {
  return useQuery({
    queryKey: [...queryKey, 'preview', username, time],
    queryFn: ({ signal }) => call<IdentityPreviews>(`${path}/preview?${new URLSearchParams({ username })}`, { signal }),
    enabled: username !== '',
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
}
