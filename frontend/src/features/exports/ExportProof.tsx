import { useExportsMessages } from '../../i18n/exportsMessages'
import { urlOf } from '../../lib/basePath'
import { problemText } from '../../lib/problem'
import type { Export } from '../../model/api/types'
import { useVerifierKey } from '../../model/entry/verifierKey'
import { Copyable } from '../../ui/form/Copyable'
import { Icon } from '../../ui/Icon'
import { Notice } from '../../ui/Notice'
import { bundleName, manifestPath, verifyCommand } from './verify'

/** How to check a downloaded export: the command to run, and the manifest for a file downloaded alone. */
export default function ExportProof({ tenant, one }: { tenant: string; one: Export }) {
  const messages = useExportsMessages()
  const key = useVerifierKey()
  return (
    <div className="export-proof">
      <p>{messages.verifyText}</p>
      <p>
        <a className="link" href={urlOf(manifestPath(tenant, one.id))} download={`${one.file_name}.manifest`}>
          <Icon name="download" />
          {messages.manifest}
        </a>
      </p>
      {key.error && (
        <Notice kind="error" action={messages.retry} onAction={() => key.refetch()}>
          {messages.keyFailed(problemText(key.error))}
        </Notice>
      )}
      {key.data && <Copyable label={messages.verifyLine} text={verifyCommand(bundleName(one.file_name), key.data)} />}
    </div>
  )
}
