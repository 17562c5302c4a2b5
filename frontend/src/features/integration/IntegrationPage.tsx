import { useState } from 'react'
import { Link } from 'react-router'
import { useIntegrationMessages } from '../../i18n/integrationMessages'
import { useMessages } from '../../i18n/language'
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
  const messages = useIntegrationMessages()
  const { gap } = useMessages()
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
      <SectionHead title={messages.title} text={messages.text} />
      <div className="integration">
        <div>
          <section aria-labelledby="integration-key">
            <h2 id="integration-key">{messages.key}</h2>
            {made ? (
              <>
                <p>{messages.keyMade(made.name)}</p>
                <Copyable label={messages.keyLabel} text={made.key} />
              </>
            ) : (
              <>
                <p>
                  {messages.keyText}
                  {gap()}
                  <Link className="link" to={settingsPath(tenant.id, 'keys')}>
                    {messages.toKeys}
                  </Link>
                </p>
                {make.error && <Notice kind="error">{messages.keyFailed(problemText(make.error))}</Notice>}
                <Button pending={make.isPending} onClick={() => make.mutate(messages.keyName)}>
                  {messages.makeKey}
                </Button>
              </>
            )}
          </section>
          <section aria-labelledby="integration-send">
            <h2 id="integration-send">{messages.send}</h2>
            <Segments
              label={messages.send}
              value={program}
              segments={programs.map((value) => ({ value, label: messages.programs[value] }))}
              onChange={setProgram}
            />
            <div className="integration-code">
              <Copyable key={code} label={messages.run[program]} text={code} />
            </div>
            <p className="integration-note">{messages.retryNote}</p>
          </section>
        </div>
        <Arrivals tenant={tenant} made={made} sample={sample} titles={titles} />
      </div>
    </>
  )
}
