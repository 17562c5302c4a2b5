import { useAdminMessages } from '../../i18n/adminMessages'
import type { Title } from '../../model/api/types'
import { TextField } from '../../ui/form/Fields'

/** The key by which the host system names a module or an operation type. */
export function KeyField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const messages = useAdminMessages().catalog
  return (
    <TextField
      mono
      label={messages.key}
      hint={messages.keyHint}
      required
      maxLength={64}
      pattern="[a-z][a-z0-9_]*"
      shape={messages.keyHint}
      value={value}
      onChange={onChange}
    />
  )
}

/** The title in both languages of the console. */
export function TitleFields({ value, onChange }: { value: Title; onChange: (value: Title) => void }) {
  const messages = useAdminMessages().catalog
  return (
    <>
      <TextField
        label={messages.english}
        required
        maxLength={128}
        value={value.en}
        onChange={(en) => onChange({ ...value, en })}
      />
      <TextField
        label={messages.chinese}
        required
        maxLength={128}
        lang="zh-CN"
        value={value['zh-CN']}
        onChange={(chinese) => onChange({ ...value, 'zh-CN': chinese })}
      />
    </>
  )
}
