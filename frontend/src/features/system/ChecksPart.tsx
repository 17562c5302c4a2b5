import { useState } from 'react'
import { useChecksMessages } from '../../i18n/checksMessages'
import { useMessages } from '../../i18n/language'
import { relativeTime } from '../../lib/time/phrases'
import type { Checks, Finding } from '../../model/api/types'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { Loaded } from '../../ui/Loaded'
import { useCheckAgain, useChecks } from './checkQueries'
import { checkName, findingTexts } from './checkTexts'
import '../../ui/tag.css'
import './checks.css'

/** What the checks of the machine, files and settings find, for owners: what has to be fixed comes first, and says how. */
export function ChecksPart({ zone }: { zone: string }) {
  const { checks: messages } = useChecksMessages()
  const query = useChecks(true)
  const again = useCheckAgain()
  return (
    <section className="system-part" aria-labelledby="system-checks">
      <div className="checks-head">
        <h2 id="system-checks">{messages.title}</h2>
        <Button pending={again.isPending} onClick={() => again.mutate()}>
          {messages.run}
        </Button>
      </div>
      <Loaded query={query}>{(checks) => <Findings of={checks} zone={zone} />}</Loaded>
    </section>
  )
}

const levels = ['error', 'warning'] as const

/** The findings that need attention, the most serious first, and those that do not in one row. */
export function Findings({ of, zone }: { of: Checks; zone: string }) {
  const { checks: messages } = useChecksMessages()
  const common = useMessages()
  const [all, setAll] = useState(false)
  const good = of.findings.filter(({ level }) => level === 'ok')
  const bad = new Set(of.findings.filter(({ level }) => level !== 'ok').map(({ check }) => check))
  const fine = [...new Set(good.map(({ check }) => check))].filter((check) => !bad.has(check))
  const names = fine.map((check) => checkName(check, messages)).join(messages.comma)
  return (
    <ul className="checks">
      {levels.flatMap((level) => of.findings.filter((one) => one.level === level).map(row))}
      {fine.length > 0 && (
        <li>
          <Tag level="ok" />
          <span className="stack">
            <span>{messages.others(fine.length, names)}</span>
            {of.checked_at && (
              <small>{messages.checkedAt(relativeTime(Date.parse(of.checked_at), zone, common, Date.now()))}</small>
            )}
          </span>
          <button type="button" className="link" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? messages.showLess : messages.showAll}
          </button>
        </li>
      )}
      {all && good.map(row)}
    </ul>
  )

  function row(one: Finding, index: number) {
    const { fact, advice } = findingTexts(one, zone, messages)
    return (
      <li key={`${one.check} ${one.code} ${index}`}>
        <Tag level={one.level} />
        <span className="stack">
          <span>{fact}</span>
          {advice && <small>{advice}</small>}
        </span>
      </li>
    )
  }
}

const kinds = { error: 'destructive', warning: 'outward', ok: 'create' } as const

function Tag({ level }: { level: Finding['level'] }) {
  const { checks: messages } = useChecksMessages()
  return (
    <span className="checks-level">
      <span className={`tag tag-${kinds[level]}`}>
        <Icon name={level === 'ok' ? 'check' : 'alert'} small />
        {messages.levels[level]}
      </span>
    </span>
  )
}
