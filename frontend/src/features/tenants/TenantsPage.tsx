import { useState } from 'react'
import { useAdminWords } from '../../i18n/adminWords'
import { visibleText } from '../../lib/visible'
import type { TenantSettings } from '../../model/api/types'
import { useTenants } from '../../model/settings/queries'
import { Button } from '../../ui/Button'
import { type Column, ListTable } from '../../ui/ListTable'
import { Loaded } from '../../ui/Loaded'
import { SectionHead } from '../../ui/SectionHead'
import { Shown } from '../../ui/Shown'
import { FactorRule } from './FactorRule'
import { TenantDialog } from './TenantDialog'

/** All tenants of the server, for owners. */
export default function TenantsPage() {
  const all = useAdminWords()
  const words = all.tenants
  const tenants = useTenants()
  const [asked, setAsked] = useState<'new' | TenantSettings>()

  const columns: Column<TenantSettings>[] = [
    {
      key: 'name',
      title: words.name,
      cell: (tenant) => (
        <span className="stack">
          <span className="cut" title={visibleText(tenant.name)}>
            <Shown text={tenant.name} />
          </span>
          <small className="mono">{tenant.id}</small>
        </span>
      ),
    },
    { key: 'zone', title: words.timeZone, width: 152, cell: (tenant) => tenant.time_zone },
    {
      key: 'permission',
      title: words.dataPermission,
      width: 128,
      cell: (tenant) => (tenant.data_permission ? words.on : words.off),
    },
    {
      key: 'factor',
      title: words.factor,
      width: 112,
      cell: (tenant) => (tenant.require_second_factor ? words.required : words.optional),
    },
    {
      key: 'retention',
      title: words.retention,
      width: 104,
      cell: (tenant) => (tenant.retention_days ? words.days(tenant.retention_days) : words.forever),
    },
    {
      key: 'sites',
      title: words.sites,
      width: 256,
      cell: (tenant) => tenant.frame_ancestors?.map((site) => <div key={site}>{site}</div>) ?? words.noSites,
    },
    {
      key: 'actions',
      title: all.actions,
      actions: true,
      width: 96,
      cell: (tenant) => (
        <button
          type="button"
          className="link"
          aria-label={all.named(words.change, tenant.id)}
          onClick={() => setAsked(tenant)}
        >
          {words.change}
        </button>
      ),
    },
  ]
  return (
    <>
      <SectionHead title={words.title} text={words.text}>
        <Button kind="primary" onClick={() => setAsked('new')}>
          {words.add}
        </Button>
      </SectionHead>
      <Loaded query={tenants}>
        {(list) => <ListTable label={words.title} columns={columns} items={list} keyOf={(tenant) => tenant.id} />}
      </Loaded>
      <FactorRule />
      {asked === 'new' && <TenantDialog onClose={() => setAsked(undefined)} />}
      {asked && asked !== 'new' && <TenantDialog tenant={asked} onClose={() => setAsked(undefined)} />}
    </>
  )
}
