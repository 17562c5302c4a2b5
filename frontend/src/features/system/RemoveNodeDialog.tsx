import { useState } from 'react'
import { useFactorMessages } from '../../i18n/factorMessages'
import { useNodesMessages } from '../../i18n/nodesMessages'
import type { ClusterNode } from '../../model/api/types'
import { CodeField } from '../../model/factor/CodeField'
import { attemptsLeft, useSecondFactor } from '../../model/factor/queries'
import { fieldError, TextField } from '../../ui/form/Fields'
import { FormDialog } from '../../ui/form/FormDialog'
import { Notice } from '../../ui/Notice'
import { useRemoveNode } from './nodeQueries'

interface Props {
  node: ClusterNode
  /** How many nodes decide, with this one. */
  voters: number
  onClose: () => void
}

/** Asks for the node's name, and for a code or the password, before it is removed for good. */
export function RemoveNodeDialog({ node, voters, onClose }: Props) {
  const { nodes: messages } = useNodesMessages()
  const factor = useFactorMessages()
  const byCode = useSecondFactor().data?.totp === true
  const remove = useRemoveNode()
  const [name, setName] = useState('')
  const [code, setCode] = useState('')
  const [password, setPassword] = useState('')
  const left = attemptsLeft(remove.error, 'code')
  const wrongPassword = fieldError(remove.error, 'password')

  function send() {
    remove.mutate({ id: node.id, proof: byCode ? { code } : { password } }, { onSuccess: onClose })
    setCode('')
  }
  return (
    <FormDialog
      danger
      title={messages.removeTitle(node.address)}
      action={messages.removeTitle(node.address)}
      error={left !== undefined || wrongPassword ? undefined : remove.error}
      pending={remove.isPending}
      onSubmit={send}
      onClose={() => !remove.isPending && onClose()}
    >
      {voters === 3 && node.voter && <Notice kind="error">{messages.twoLeft}</Notice>}
      <p className="form-lead">{messages.removeText(node.address)}</p>
      <TextField
        label={messages.typeName(node.address)}
        required
        pattern={node.address.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}
        shape={messages.wrongName}
        value={name}
        onChange={setName}
      />
      {byCode ? (
        <CodeField
          value={code}
          error={left !== undefined && !code ? factor.wrongCode(left) : undefined}
          hint={messages.required}
          onChange={setCode}
          onComplete={() => undefined}
        />
      ) : (
        <TextField
          label={messages.password}
          type="password"
          autoComplete="current-password"
          required
          maxLength={1024}
          hint={messages.required}
          error={wrongPassword && messages.wrongPassword}
          value={password}
          onChange={setPassword}
        />
      )}
    </FormDialog>
  )
}
