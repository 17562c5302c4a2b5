import { useAdminWords } from '../../i18n/adminWords'
import type { Title } from '../../model/api/types'
import { TextField } from '../../ui/form/Fields'

/** The key by which the host system names a module or an operation type. */
export function KeyField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const words = useAdminWords().catalog
  return (
    <TextField
      mono
      label={words.key}
      hint={words.keyHint}
      required
      maxLength={64}
      pattern="[a-z][a-z0-9_]*"
      shape={words.keyHint}
      value={value}
      onChange={onChange}
    />
  )
}

/** The title in both languages of the console. */
export function TitleFields({ value, onChange }: { value: Title; onChange: (value: Title) => void }) {
  const words = useAdminWords().catalog
  return (
    <>
      <TextField
        label={words.english}
        required
        maxLength={128}
        value={value.en}
        onChange={(en) => onChange({ ...value, en })}
      />
      <TextField
        label={words.chinese}
        required
        maxLength={128}
        lang="zh-CN"
        value={value['zh-CN']}
        onChange={(chinese) => onChange({ ...value, 'zh-CN': chinese })}
      />
    </>
  )
}
