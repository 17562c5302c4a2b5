import type { Entry } from '../../model/api/types'
import type { Field } from '../../model/log/filters'
import type { Column } from '../../model/log/preferences'

/** The filters of the columns; there is none for the time. */
export const columnFields: Partial<Record<Column, Field>> = {
  user: 'user',
  role: 'role',
  organization: 'organization',
  module: 'module',
  type: 'operation',
  content: 'contentId',
}

/** The filter for a cell; undefined if it is empty, or of an organization without the data permission. */
export function cellFilter(
  entry: Entry,
  column: Column,
  byOrganization: boolean,
): { name: Field; value: string } | undefined {
  const name = columnFields[column]
  const value = {
    user: entry.user.id,
    role: entry.user.role,
    organization: byOrganization ? entry.organization?.id : undefined,
    module: entry.module,
    type: entry.operation,
    content: entry.content?.id,
    time: undefined,
  }[column]
  return name && value ? { name, value } : undefined
}
