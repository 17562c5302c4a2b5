import { useState } from 'react'
import { Link } from 'react-router'
import { useIntegrationWords } from '../../i18n/integrationWords'
import { useWords } from '../../i18n/language'
import { basePath } from '../../lib/basePath'
import { problemText } from '../../lib/problem'
import type { Tenant } from '../../model/api/types'
import { useTitles } from '../../model/log/catalog'
import { settingsPath } from '../../model/session/permissions'
import { Button } from '../../ui/Button'
import { Copyable } from '../../ui/form/Copyable'
import { Notice } from '../../ui/Notice'
import { SectionHead } from '../../ui/SectionHead'
import { Segments } from '../../ui/Segments'
import { Arrivals } from './Arrivals'
import { useCreatedKey } from './queries'
import { keyPlaceholder, type Program, programs, sampleOperation, snippet } from './snippets'
import './integration.css'

/** How a system writes to this tenant: a key, a program to copy, and what arrives. */
export default function IntegrationPage({ tenant }: { tenant: Tenant }) {
  const words = useIntegrationWords()
  const { gap } = useWords()
  const { made, make } = useCreatedKey(tenant.id)
  const titles = useTitles(tenant.id)
  const [program, setProgram] = useState<Program>('curl')
  const sample = sampleOperation(titles.catalog)
  const code = snippet(program, {
    origin: window.location.origin + basePath,
    tenant: tenant.id,
    key: made?.key ?? keyPlaceholder,
    ...sample,
  })
  return (
    <>
      <SectionHead title={words.title} text={words.text} />
      <div className="integration">
        <div>
          <section aria-labelledby="integration-key">
            <h2 id="integration-key">{words.key}</h2>
            {made ? (
              <>
                <p>{words.keyMade(made.name)}</p>
                <Copyable label={words.keyLabel} text={made.key} />
              </>
            ) : (
              <>
                <p>
                  {words.keyText}
                  {gap()}
                  <Link className="link" to={settingsPath(tenant.id, 'keys')}>
                    {words.toKeys}
                  </Link>
                </p>
                {make.error && <Notice kind="error">{words.keyFailed(problemText(make.error))}</Notice>}
                <Button pending={make.isPending} onClick={() => make.mutate(words.keyName)}>
                  {words.makeKey}
                </Button>
              </>
            )}
          </section>
          <section aria-labelledby="integration-send">
            <h2 id="integration-send">{words.send}</h2>
            <Segments
              label={words.send}
              value={program}
              segments={programs.map((value) => ({ value, label: words.programs[value] }))}
              onChange={setProgram}
            />
            <div className="integration-code">
              <Copyable key={code} label={words.run[program]} text={code} />
            </div>
            <p className="integration-note">{words.retryNote}</p>
          </section>
        </div>
        <Arrivals tenant={tenant} made={made} sample={sample} titles={titles} />
      </div>
    </>
  )
}
